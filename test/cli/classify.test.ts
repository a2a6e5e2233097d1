import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/program.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'classify-'));
  writeFileSync(join(dir, 'rust.log'), 'error[E0308]: mismatched types\n  --> src/a.rs:1:1\n');
  writeFileSync(join(dir, 'ts.log'), 'src/a.ts(1,2): error TS2322: no\n');
  writeFileSync(join(dir, 'empty.log'), '');
  writeFileSync(join(dir, 'binary.log'), Buffer.from([0, 255, 254, 13, 10, 0xd8, 0x00, 27, 91]));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function run(args: readonly string[], input = ''): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = { out: '', err: '' };
  stdout.on('data', (chunk) => {
    texts.out += String(chunk);
  });
  stderr.on('data', (chunk) => {
    texts.err += String(chunk);
  });
  const stdin = Readable.from([Buffer.from(input)]);
  const code = await runCli(['node', 'healer', 'classify', ...args], { env: {}, cwd: dir, stdin, stdout, stderr });
  return { code, ...texts };
}
const file = (name: string): string => join(dir, name);

describe('healer classify', () => {
  it('prints one document a file, with the names of the contract', async () => {
    const { code, out } = await run([file('rust.log'), file('ts.log'), '--json']);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(lines).toMatchObject([
      { file: file('rust.log'), agent: 'rex', failure_type: 'rust_build', category: 'rust', transient: false },
      { file: file('ts.log'), agent: 'blaze', failure_type: 'frontend_types', rule: 'frontend-types' },
    ]);
    expect(Object.keys(lines[0].excerpt)).toEqual(['text', 'ranges', 'lines', 'total_lines']);
    expect(lines[0].evidence[0]).toMatchObject({ line: 1, text: 'error[E0308]: mismatched types', rule: 'rust-build' });
    expect(lines[0].fingerprint).toMatch(/^[0-9a-f]{32}$/);
  });

  it('reads standard input', async () => {
    const { out } = await run(['-', '--json'], 'error[E0308]: mismatched types\n');
    expect(JSON.parse(out)).toMatchObject({ file: '-', agent: 'rex' });
  });

  it('goes on behind a file that cannot be read, and says so at the end', async () => {
    const { code, out, err } = await run([file('nowhere.log'), file('rust.log'), '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out).agent).toBe('rex');
    expect(err).toContain('nowhere.log: no such file');
    expect(err).toContain('1 of 2');
  });

  it('takes names and changed files into account', async () => {
    const { out } = await run([
      file('empty.log'),
      '--workflow',
      'helm-lint',
      '--changed-files',
      'charts/a/Chart.yaml, b.tpl',
      '--json',
    ]);
    expect(JSON.parse(out)).toMatchObject({ agent: 'bolt', rule: 'row-3-infrastructure' });
  });

  it('survives an empty log and one that is no text', async () => {
    const { code, out } = await run([file('empty.log'), file('binary.log'), '--json']);
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).agent),
    ).toEqual(['atlas', 'atlas']);
  });

  it.each([
    [[]],
    [['rust.log', '--max-lines', 'many']],
    [['rust.log', '--max-lines', '0']],
    [['rust.log', '--unknown']],
  ])('wrong use %j exits with 2', async (args) => {
    expect((await run(args)).code).toBe(2);
  });

  it('keeps the excerpt within --max-lines', async () => {
    const log = Array.from({ length: 500 }, (_, i) => `test a_${i} ... FAILED`).join('\n');
    const { out } = await run(['-', '--max-lines', '20', '--json'], log);
    expect(JSON.parse(out).excerpt.lines).toBeLessThanOrEqual(20);
  });

  it('speaks to people without --json', async () => {
    const { out } = await run([file('rust.log')]);
    expect(out).toContain('rex · rust_build');
    expect(out).toContain('error[E0308]');
  });
});
