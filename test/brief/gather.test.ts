import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gather } from '../../src/brief/gather.ts';
import { answer, type ContextSource, type SourceContext } from '../../src/brief/source.ts';
import { createRedactor } from '../../src/safety/index.ts';
import { aCheck, aRemediation } from '../support/builders.ts';

const redactor = () => createRedactor();
const deps = () => ({ clock: Date.now, redactor: redactor() });

function source(name: string, ask: ContextSource['ask'], timeMs = 1_000, bytes = 10_000): ContextSource {
  return { name, budget: { timeMs, bytes }, relevant: () => true, ask };
}
const waiting = (ms: number, name: string): ContextSource['ask'] => {
  return () => new Promise((resolve) => setTimeout(() => resolve(answer.found(`${name}.`, name)), ms));
};

describe('gathering', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('takes as long as the slowest source, whatever hangs', async () => {
    const sources = [
      source('quick', waiting(10, 'quick')),
      source('slow', waiting(700, 'slow')),
      source('hangs', () => new Promise(() => {}), 900),
    ];
    const gathering = gather(sources, aRemediation(), deps());
    await vi.advanceTimersByTimeAsync(900);
    const { findings, gatheredAt } = await gathering;
    expect(gatheredAt).toBe(1_000_900);
    expect(findings).toEqual([
      expect.objectContaining({ source: 'quick', status: 'found', durationMs: 10 }),
      expect.objectContaining({ source: 'slow', status: 'found', durationMs: 700 }),
      expect.objectContaining({ source: 'hangs', status: 'timed_out', durationMs: 900, body: null }),
    ]);
  });

  it('turns an exception into a finding', async () => {
    const broken = source('broken', () =>
      Promise.reject(new Error('the peer has token ghp_'.concat('aB3d'.repeat(9)))),
    );
    const rude = source('rude', () => {
      throw new Error('not even a promise');
    });
    const { findings } = await gather([broken, rude], aRemediation(), deps());
    expect(findings.map(({ status, summary }) => [status, summary])).toEqual([
      ['failed', 'the peer has token «redacted:github-token:1»'],
      ['failed', 'not even a promise'],
    ]);
  });

  it('keeps what a source had learned before its time was up, and nothing it says later', async () => {
    let context: SourceContext | null = null;
    const half = source(
      'half',
      (given) => {
        context = given;
        given.learn({ failedChecks: [aCheck('a'), aCheck('b')] });
        return new Promise(() => {});
      },
      50,
    );
    const gathering = gather([half], aRemediation(), deps());
    await vi.advanceTimersByTimeAsync(50);
    const evidence = await gathering;
    const late = context as SourceContext | null;
    late?.learn({ failedChecks: [] });
    expect(evidence.failedChecks.map((check) => check.name)).toEqual(['a', 'b']);
    expect(late?.signal.aborted).toBe(true);
  });

  it('makes a shared read once, and gives everybody its answer', async () => {
    let reads = 0;
    const ask: ContextSource['ask'] = async ({ shared }) => {
      const value = await shared.once('key', async () => ++reads);
      return answer.found('Read.', `value ${value}`);
    };
    const { findings } = await gather([source('a', ask), source('b', ask)], aRemediation(), deps());
    expect(findings.map((finding) => finding.body)).toEqual(['value 1', 'value 1']);
  });

  it('stops asking when Healer stops', async () => {
    const stop = new AbortController();
    const gathering = gather([source('hangs', () => new Promise(() => {}))], aRemediation(), {
      ...deps(),
      signal: stop.signal,
    });
    stop.abort();
    expect((await gathering).findings[0]?.status).toBe('timed_out');
  });

  it('leaves no secret, escape code or invisible character in findings and facts', async () => {
    const secret = `ghp_${'aB3d'.repeat(9)}`;
    const dirty = `\u001b[31mtoken\u200b ${secret}\u202e`;
    const file = { path: 'a.ts', status: 'modified', additions: 1, deletions: 0, patch: `+${dirty}` } as const;
    const leaky = source('leaky', async ({ learn }) => {
      learn({
        annotations: [{ check: 'a', path: 'a.ts', startLine: 1, endLine: 1, level: 'failure', message: dirty }],
        changedFiles: [file],
        lastAttemptFiles: [file],
        headCommit: { sha: 'a'.repeat(40), message: dirty, author: null },
      });
      return answer.found(dirty, dirty);
    });
    const evidence = await gather([leaky], aRemediation(), deps());
    const text = JSON.stringify(evidence);
    expect(text).not.toContain(secret);
    expect(text).not.toMatch(/\\u001b|\u200b|\u202e/);
    expect(text.match(/«redacted:github-token:1»/g)?.length).toBe(6);
  });

  it('cuts a body that is larger than its budget', async () => {
    const long = source('long', async () => answer.found('Long.', 'ä'.repeat(500)), 1_000, 100);
    const [finding] = (await gather([long], aRemediation(), deps())).findings;
    expect(Buffer.byteLength(finding?.body ?? '')).toBeLessThanOrEqual(100);
    expect(finding).toMatchObject({ truncated: true, body: expect.stringMatching(/^ä+\n\[… cut …\]$/) });
  });

  it('tells every finding to whoever counts them', async () => {
    const seen: string[] = [];
    const onFinding = ({ source: name, status }: { source: string; status: string }) => seen.push(`${name} ${status}`);
    const idle = { ...source('idle', waiting(1, 'idle')), relevant: () => false };
    await gather([source('none', async () => answer.empty('None.')), idle], aRemediation(), { ...deps(), onFinding });
    expect(seen.sort()).toEqual(['idle not_relevant', 'none empty']);
  });

  it('knows what the delivery said when there is no source at all', async () => {
    const checks = [aCheck('clippy')];
    const evidence = await gather([], aRemediation({ failedChecks: checks }), deps());
    expect(evidence).toMatchObject({
      findings: [],
      failedChecks: checks,
      logs: [],
      pullRequest: null,
      pullRequestKnown: false,
    });
  });
});
