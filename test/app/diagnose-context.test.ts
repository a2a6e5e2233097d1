import { beforeEach, describe, expect, it } from 'vitest';
import { contextHttp } from '../../src/app/context-systems.ts';
import { diagnoseContext } from '../../src/app/diagnose-context.ts';
import { loadSettings } from '../../src/app/load-settings.ts';
import { workflowsAnswers } from '../brief/support/argo-workflows.ts';
import { argocdAnswers } from '../brief/support/argocd.ts';
import { grafanaAnswers } from '../brief/support/grafana.ts';
import { everythingKnown, useStandIn } from '../brief/support/systems.ts';

const standIn = useStandIn();
const look = (env: Record<string, string> = {}) =>
  diagnoseContext(loadSettings(env, '/nonexistent'), contextHttp(), Date.now());
const everySystem = () => {
  const { url } = standIn();
  return {
    PROMETHEUS_URL: `${url}/prometheus`,
    LOKI_URL: `${url}/loki`,
    ARGOCD_SERVER: `${url}/argocd`,
    ARGO_SERVER: `${url}/workflows`,
    GRAFANA_URL: `${url}/grafana`,
  };
};

describe('the doctor’s look at context sources', () => {
  beforeEach(() => {
    standIn().answers = (asked) =>
      everythingKnown(asked) ?? argocdAnswers(asked) ?? workflowsAnswers(asked) ?? grafanaAnswers(asked);
  });

  it('says of each that is not configured what briefs lack', async () => {
    const findings = await look();
    expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'context argocd missing',
      'context argo-workflows missing',
      'context prometheus missing',
      'context loki missing',
      'context grafana missing',
    ]);
    for (const { without } of findings) expect(without).toMatch(/^briefs do not tell .*; everything else works$/);
  });

  it('asks each that is configured, with the queries of the settings', async () => {
    const findings = await look(everySystem());
    expect(findings.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(findings[2]?.detail).toMatch(/answers; all 5 queries are understood$/);
  });

  it('names the query that is not understood', async () => {
    const findings = await look({ ...everySystem(), HEALER_LOKI_QUERIES: '{app="{service}"}\n{app="{service}"} |~' });
    expect(findings[3]).toMatchObject({ status: 'failed', detail: expect.stringMatching(/^query 2: .*answered 400/) });
  });

  it('says what a system says when it refuses', async () => {
    standIn().answers = () => ({ status: 403, body: { message: 'permission denied' } });
    for (const finding of await look(everySystem())) {
      expect(finding).toMatchObject({ status: 'failed', detail: expect.stringContaining('permission denied') });
    }
  });

  it('follows nobody to another host', async () => {
    standIn().answers = () => ({ status: 302, body: '', location: 'http://elsewhere.test/login' });
    for (const { status, detail } of await look(everySystem())) {
      expect(status).toBe('failed');
      expect(detail).toContain('which is not a listed host');
    }
  });
});
