import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { contextHttp } from '../../src/app/context-systems.ts';
import { diagnoseContext } from '../../src/app/diagnose-context.ts';
import { loadSettings } from '../../src/app/load-settings.ts';
import { workflowsAnswers } from '../brief/support/argo-workflows.ts';
import { argocdAnswers } from '../brief/support/argocd.ts';
import { grafanaAnswers } from '../brief/support/grafana.ts';
import { everythingKnown, ok, useStandIn } from '../brief/support/systems.ts';

const home = mkdtempSync(join(tmpdir(), 'healer-doctor-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const standIn = useStandIn();
const look = (env: Record<string, string> = {}) =>
  diagnoseContext(loadSettings(env, '/nonexistent'), contextHttp({ contextRedirectHosts: [] }), Date.now());
const everySystem = () => {
  const { url } = standIn();
  return {
    PROMETHEUS_URL: `${url}/prometheus`,
    LOKI_URL: `${url}/loki`,
    ARGOCD_SERVER: `${url}/argocd`,
    ARGO_SERVER: `${url}/workflows`,
    GRAFANA_URL: `${url}/grafana`,
    OPENMEMORY_URL: `${url}/openmemory`,
    HEALER_CLUSTER_ACCESS: 'kubeconfig',
    KUBECONFIG: kubeconfigFor(`${url}/kubernetes`),
  };
};

/** A kubeconfig without a user: the stand-in asks for none. */
function kubeconfigFor(server: string): string {
  const file = join(home, 'kubeconfig');
  const named = {
    clusters: [{ name: 'here', cluster: { server, 'insecure-skip-tls-verify': true } }],
    contexts: [{ name: 'here', context: { cluster: 'here' } }],
  };
  writeFileSync(file, JSON.stringify({ ...named, 'current-context': 'here', users: [] }));
  return file;
}

describe('the doctor’s look at context sources', () => {
  beforeEach(() => {
    standIn().answers = (asked) =>
      (asked.path === '/openmemory/memory/query' ? ok({ query: '', matches: [] }) : undefined) ??
      everythingKnown(asked) ??
      argocdAnswers(asked) ??
      workflowsAnswers(asked) ??
      grafanaAnswers(asked);
  });

  it('says of each that is not configured what briefs lack', async () => {
    const findings = await look();
    expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'context argocd missing',
      'context argo-workflows missing',
      'context prometheus missing',
      'context loki missing',
      'context grafana missing',
      'context kubernetes missing',
      'memory openmemory missing',
    ]);
    for (const { without } of findings) expect(without).toMatch(/^briefs (?:do not )?tell .*; everything else works$/);
  });

  it('asks each that is configured, with the queries of the settings', async () => {
    const findings = await look(everySystem());
    expect(findings.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok']);
    expect(findings[2]?.detail).toMatch(/answers; all 5 queries are understood$/);
  });

  it('names the query that is not understood', async () => {
    const findings = await look({ ...everySystem(), HEALER_LOKI_QUERIES: '{app="{service}"}\n{app="{service}"} |~' });
    expect(findings[3]).toMatchObject({ status: 'failed', detail: expect.stringMatching(/^query 2: .*answered 400/) });
  });

  it('says what a system says when it refuses', async () => {
    standIn().answers = () => ({ status: 403, body: { message: 'permission denied' } });
    for (const finding of await look(everySystem())) {
      expect(finding).toMatchObject({
        status: 'failed',
        detail: expect.stringMatching(/permission denied|openmemory.* answered 403/),
      });
    }
  });

  it('follows nobody to another host', async () => {
    standIn().answers = () => ({ status: 302, body: '', location: 'http://elsewhere.test/login' });
    for (const { name, status, detail } of await look(everySystem())) {
      expect(status).toBe('failed');
      const words = { 'context kubernetes': 'answered 302', 'memory openmemory': 'which is not followed' }[name];
      expect(detail).toContain(words ?? 'which is not a listed host');
    }
  });
});
