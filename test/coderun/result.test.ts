import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseResult } from '../../src/coderun/result.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';

describe('reading result.json', () => {
  it('takes the agent’s words and the script’s commit', () => {
    const text = `{"pushed_sha":"${SHA}","status":"fixed","summary":"done","commit_sha":"ffff","usage":{"input_tokens":1,"output_tokens":2,"cost_usd":0.5},"commit_sha":"${SHA}"}`;
    expect(parseResult(text)?.report).toEqual({
      status: 'fixed',
      summary: 'done',
      commitSha: SHA,
      pullRequestUrl: null,
      usage: { inputTokens: 1, outputTokens: 2, costUsd: 0.5 },
    });
  });

  it('does not believe a commit that only the agent speaks of', () => {
    expect(parseResult(`{"status":"fixed","summary":"","commit_sha":"${SHA}"}`)?.report?.commitSha).toBeNull();
  });

  it('calls commits without a statement fixed, and nothing at all nothing', () => {
    expect(parseResult(`{"pushed_sha":"${SHA}","summary":"x"}`)?.report?.status).toBe('fixed');
    expect(parseResult('{"summary":"The agent ended without a change."}')).toEqual({
      report: null,
      summary: 'The agent ended without a change.',
    });
    expect(parseResult(null)).toBeNull();
    expect(parseResult(' \n')).toBeNull();
  });

  it('reads as far as it goes what a cluster cut at 4096 bytes', () => {
    const cut = `{"pushed_sha":"${SHA}","status":"fixed","summary":"said \\"so\\" ${'x'.repeat(5000)}`.slice(0, 4096);
    const result = parseResult(cut);
    expect(result?.report).toMatchObject({ status: 'fixed', commitSha: SHA });
    expect(result?.summary).toMatch(/^said "so" x+$/);
  });

  it('keeps the script’s commit when the agent’s part is not JSON', () => {
    const result = parseResult(
      `{"pushed_sha":"${SHA}", "status": "blocked", "summary": "a\nb", oops, "pushed_sha":"${'f'.repeat(40)}"}`,
    );
    expect(result?.report).toMatchObject({ status: 'blocked', summary: 'a b', commitSha: SHA });
  });

  it('ignores what is not of its type rather than the whole', () => {
    expect(
      parseResult('{"status":"done!","summary":7,"pull_request_url":"javascript:alert(1)","usage":"lots"}'),
    ).toEqual({
      report: null,
      summary: '7',
    });
    expect(
      parseResult('{"status":"fixed","pull_request_url":"javascript:alert(1)"}')?.report?.pullRequestUrl,
    ).toBeNull();
  });

  it('throws on no text whatsoever', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60, unit: 'binary' }), (text) => void parseResult(text)),
      { numRuns: 50 },
    );
    fc.assert(
      fc.property(fc.json(), (text) => void parseResult(text)),
      { numRuns: 50 },
    );
  });
});
