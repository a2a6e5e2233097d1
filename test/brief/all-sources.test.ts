import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gather } from '../../src/brief/gather.ts';
import { renderPrompt } from '../../src/brief/prompt/render.ts';
import type { ContextSource } from '../../src/brief/source.ts';
import { createSources } from '../../src/brief/sources/index.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import type { Remediation } from '../../src/model/remediation.ts';
import { createRedactor } from '../../src/safety/index.ts';
import { aCheck, aRemediation } from '../support/builders.ts';
import { promptInput, templates } from './support/prompts.ts';
import { anAlertRemediation, systemsAt } from './support/systems.ts';
import { githubOf } from './support/world.ts';

/** A red release: every source has a reason to be asked. */
const RELEASE = aRemediation({ failureType: 'release', workflowName: 'deploy', failedChecks: [aCheck('deploy')] });
type Fetch = typeof fetch;

/** The throttle of requests is kept for an address for good; one that another test's fake clock left behind must not matter. */
let addresses = 0;

/** The whole registry with everything configured; every request, and the memory, goes through one function. */
function registry(doFetch: Fetch): readonly ContextSource[] {
  const http = createHttpClient({ userAgent: 'healer/test', fetch: doFetch });
  return createSources({
    github: githubOf(`http://github.test/${++addresses}`, doFetch),
    sleep: () => Promise.resolve(),
    http,
    systems: systemsAt('http://systems.test', http),
    recall: async (_, signal) => {
      await doFetch('http://memory.test/', { signal });
      return { outcomes: [], unanswered: [] };
    },
  });
}

const answerLater =
  (ms: (host: string) => number): Fetch =>
  (input, init) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve(new Response('{}', { status: 503 })), ms(new URL(String(input)).host));
      init?.signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(init.signal?.reason);
      });
    });
const hang: Fetch = (_, init) =>
  new Promise((_resolve, reject) => {
    if (init?.signal?.aborted) reject(init.signal.reason);
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
  });

/** Lets fake time pass until the gathering is over; answers how long that took. */
async function timed(sources: readonly ContextSource[], remediation: Remediation) {
  const started = Date.now();
  let over = false;
  const gathering = gather(sources, remediation, { clock: Date.now, redactor: createRedactor() }).finally(() => {
    over = true;
  });
  while (!over) await vi.advanceTimersByTimeAsync(10);
  return { evidence: await gathering, took: Date.now() - started };
}

describe('the whole registry of sources', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse('2026-11-20T12:00:00Z') });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('takes no longer than the slowest source and 50 ms', async () => {
    const sources = registry(answerLater((host) => (host === 'systems.test' ? 700 : 5)));
    const { evidence, took } = await timed(sources, RELEASE);
    const slowest = Math.max(...evidence.findings.map(({ durationMs }) => durationMs));
    expect(slowest).toBeGreaterThanOrEqual(700);
    expect(took).toBeLessThanOrEqual(slowest + 50);
    // The ones after the other would take more than three times as long.
    const sum = evidence.findings.reduce((total, { durationMs }) => total + durationMs, 0);
    expect(sum).toBeGreaterThan(3 * took);
  });

  it.each(registry(hang).map(({ name }) => name))(
    'waits for %s, when it alone hangs, its budget and no more',
    async (name) => {
      const quick = (source: ContextSource): ContextSource =>
        source.name === name
          ? source
          : { ...source, ask: async () => ({ status: 'empty', summary: '', body: null, url: null, truncated: false }) };
      const sources = registry(hang).map(quick);
      const budget = sources.find((source) => source.name === name)?.budget.timeMs ?? 0;
      const { evidence, took } = await timed(sources, RELEASE);
      expect(evidence.findings.find(({ source }) => source === name)).toMatchObject({
        status: expect.stringMatching(/^(?:timed_out|failed)$/),
        body: null,
      });
      expect(took).toBeLessThanOrEqual(budget + 50);
      expect(evidence.findings.filter(({ status }) => status === 'empty')).toHaveLength(sources.length - 1);
    },
  );

  it('costs the largest budget when all of them hang', async () => {
    const sources = registry(hang);
    const { took } = await timed(sources, RELEASE);
    expect(took).toBeLessThanOrEqual(Math.max(...sources.map(({ budget }) => budget.timeMs)) + 50);
  });

  it.each([
    ['a release', RELEASE],
    ['an alert', anAlertRemediation()],
  ])('still gives what the delivery said of %s when all of them are down', async (_, remediation) => {
    const down: Fetch = () => Promise.reject(new TypeError('fetch failed'));
    const { evidence } = await timed(registry(down), remediation);
    const asked = evidence.findings.filter(({ status }) => status !== 'not_relevant');
    expect(asked.length).toBeGreaterThanOrEqual(6);
    expect(new Set(asked.map(({ status }) => status))).toEqual(new Set(['failed']));
    for (const { summary } of asked) expect(summary).not.toBe('');
    expect(evidence.failedChecks).toEqual(remediation.failedChecks);
    const { findings, failedChecks } = evidence;
    const { text } = renderPrompt(templates, promptInput({ remediation, findings, failedChecks, budgetChars: 60_000 }));
    for (const { source } of asked) expect(text).toContain(source);
    for (const { name } of remediation.failedChecks) expect(text).toContain(name);
    expect(text).toContain('fetch failed');
  });

  it('asks nobody beyond GitHub and the memory about a lint finding', async () => {
    const hosts = new Set<string>();
    const sources = registry((input) => {
      hosts.add(new URL(String(input)).host);
      return Promise.resolve(new Response('{}', { status: 404 }));
    });
    const lint = aRemediation({ failureType: 'rust_fmt', workflowName: 'healer-ci', failedChecks: [aCheck('fmt')] });
    const { evidence } = await timed(sources, lint);
    expect([...hosts].toSorted()).toEqual(['github.test', 'memory.test']);
    const idle = evidence.findings.filter(({ status }) => status === 'not_relevant').map(({ source }) => source);
    expect(idle).toEqual(['argocd', 'argo-workflows', 'kubernetes', 'prometheus', 'loki', 'grafana']);
  });
});
