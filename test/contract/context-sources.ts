import { describe, expect, it } from 'vitest';
import { gather } from '../../src/brief/gather.ts';
import type { ContextSource } from '../../src/brief/source.ts';
import type { ContextFinding } from '../../src/model/evidence.ts';
import type { Remediation } from '../../src/model/remediation.ts';
import { createRedactor } from '../../src/safety/index.ts';

/** A source with the peer that it asks, alive as long as the test. */
export interface SourceUnderTest {
  readonly source: ContextSource;
  readonly remediation: Remediation;
}

export interface SourceCase {
  readonly name: string;
  /**
   * Starts the peer with something to find. Every request of the source goes through `fetch`, which may answer in the
   * peer's place.
   */
  start(fetchHook: typeof fetch): Promise<SourceUnderTest>;
}

const clock = () => Date.now();
type Reply = () => Response | Promise<Response>;

const answerWith = (status: number, body: string, headers: Record<string, string> = {}): Reply => {
  return () => new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } });
};

/** What a peer may do instead of answering, and which words for it are right. */
const TROUBLE: readonly (readonly [what: string, reply: Reply, right: readonly ContextFinding['status'][]])[] = [
  ['knows nothing of it (404)', answerWith(404, '{"message":"Not Found"}'), ['empty', 'failed']],
  ['says that it is gone (410)', answerWith(410, '{"message":"Gone"}'), ['empty', 'failed']],
  ['refuses (401)', answerWith(401, '{"message":"Bad credentials"}'), ['failed']],
  ['forbids (403)', answerWith(403, '{"message":"Resource not accessible by integration"}'), ['failed']],
  ['is broken (500)', answerWith(500, '{"message":"Server Error"}'), ['failed']],
  ['is overloaded (503)', answerWith(503, 'try later', { 'content-type': 'text/html' }), ['failed']],
  ['redirects to another host', answerWith(302, '', { location: 'https://elsewhere.example/' }), ['failed']],
  ['cuts the connection', () => Promise.reject(new TypeError('fetch failed')), ['failed']],
];

/** What every source of context keeps to. */
export function contextSourceContract({ name, start }: SourceCase): void {
  describe(`the context source ${name}`, () => {
    it('finds what is there', async () => {
      const { source, remediation } = await start(fetch);
      const finding = await ask(source, remediation);
      expect(finding).toMatchObject({ source: name, status: 'found', body: expect.any(String) });
      expect(finding.summary).toMatch(/\.$|:|;/);
    });

    it.each(TROUBLE)('says so when its peer %s', async (_, reply, right) => {
      const hosts = new Set<string>();
      const { source, remediation } = await start((input) => {
        hosts.add(new URL(String(input)).host);
        return Promise.resolve(reply());
      });
      const finding = await ask(source, remediation);
      expect(right).toContain(finding.status);
      expect(finding.summary).not.toBe('');
      expect([...hosts]).not.toContain('elsewhere.example');
    });

    it('costs its budget and no more when its peer hangs, and lets go of the request', async () => {
      const signals: AbortSignal[] = [];
      const { source, remediation } = await start((_, init) => {
        const signal = init?.signal ?? AbortSignal.abort();
        signals.push(signal);
        return new Promise((_resolve, reject) => {
          // As fetch itself does with a signal that has fired already.
          if (signal.aborted) reject(signal.reason);
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      });
      // On a busy machine a short time may be over before the peer is asked at all; then it gets a longer one.
      for (let timeMs = 300; signals.length === 0 && timeMs < 40_000; timeMs *= 4) {
        const finding = await ask({ ...source, budget: { ...source.budget, timeMs } }, remediation);
        expect(finding).toMatchObject({ status: 'timed_out', body: null });
      }
      expect(signals.length).toBeGreaterThan(0);
      expect(signals.every((signal) => signal.aborted)).toBe(true);
    });

    it('keeps to its size, and says that something is missing', async () => {
      const { source, remediation } = await start(fetch);
      const finding = await ask({ ...source, budget: { ...source.budget, bytes: 24 } }, remediation);
      expect(Buffer.byteLength(finding.body ?? '')).toBeLessThanOrEqual(24);
      expect(finding.truncated).toBe(true);
    });

    it('asks nobody when it is not relevant', async () => {
      const asked: string[] = [];
      const { source, remediation } = await start((input) => {
        asked.push(String(input));
        return Promise.reject(new Error('must not be asked'));
      });
      const other = { ...remediation, kind: 'play' as const };
      if (source.relevant(other)) return;
      expect((await ask(source, other)).status).toBe('not_relevant');
      expect(asked).toEqual([]);
    });
  });
}

async function ask(source: ContextSource, remediation: Remediation): Promise<ContextFinding> {
  const evidence = await gather([source], remediation, { clock, redactor: createRedactor() });
  const [finding] = evidence.findings;
  if (finding === undefined) throw new Error('a source that was asked has a finding');
  return finding;
}
