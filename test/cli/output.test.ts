import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DoctorCheck, registerDoctor } from '../../src/cli/doctor.ts';
import { ago, createStyle, plain, table, withSpinner } from '../../src/cli/output.ts';
import { makeContext, runCommand } from './terminal.ts';

const none = createStyle(makeContext().context);

describe('a table', () => {
  it('counts characters as a reader does, colours not at all', () => {
    const style = createStyle(makeContext({ isTTY: true }).context);
    const lines = table(
      ['A', 'B'],
      [
        [style.tone('good', 'ünï'), 'x'],
        ['plain', 'y'],
      ],
      none,
    ).split('\n');
    expect(lines.map((line) => line.replace(/\u001b\[\d+m/g, ''))).toEqual(['A      B', 'ünï    x', 'plain  y', '']);
  });

  it('never shortens columns to nothing, however narrow the terminal', () => {
    const text = table(['LONG COLUMN', 'OTHER COLUMN'], [['a'.repeat(40), 'b'.repeat(40)]], none, 5);
    expect(text.split('\n')[1]).toBe(`${'a'.repeat(7)}…  ${'b'.repeat(7)}…`);
  });
});

describe('small words', () => {
  it('say how long ago', () => {
    const now = Date.parse('2026-03-14T09:30:00Z');
    expect(ago('2026-03-14T09:29:59.500Z', now)).toBe('just now');
    expect(ago('2026-03-14T09:29:18Z', now)).toBe('42 s ago');
    expect(ago('2026-03-14T07:10:00Z', now)).toBe('2 h ago');
    expect(ago('2026-03-11T07:10:00Z', now)).toBe('3 d ago');
  });

  it('show nothing as a dash and outside text on one line', () => {
    expect(plain(null)).toBe('–');
    expect(plain('')).toBe('–');
    expect(plain('a\r\nb\u001b[31mc')).toBe('a bc');
  });
});

describe('the spinner', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function spin(isTTY: boolean, ms: number): Promise<string> {
    const { context, stderr } = makeContext({ isTTY });
    const work = withSpinner(context, 'asking', new Promise((resolve) => setTimeout(resolve, ms)));
    await vi.advanceTimersByTimeAsync(ms);
    await work;
    return stderr.text;
  }

  it('shows on a terminal for what takes long, and is gone afterwards', async () => {
    const text = await spin(true, 900);
    expect(text).toContain('asking');
    expect(text.endsWith('\r\u001b[K')).toBe(true);
  });

  it('shows nothing for what is quick, and nothing in a pipe', async () => {
    expect(await spin(true, 200)).toBe('');
    expect(await spin(false, 900)).toBe('');
  });
});

describe('healer doctor', () => {
  const CHECKS: readonly DoctorCheck[] = [
    { name: 'store', status: 'ok', detail: 'writable', without: null },
    { name: 'github', status: 'missing', detail: 'Set GITHUB_TOKEN.', without: 'The demo and classify work.' },
    { name: 'engine', status: 'warn', detail: 'git is old.', without: null },
  ];
  const run = (checks: readonly DoctorCheck[], args: readonly string[] = []) =>
    runCommand((program, context) => registerDoctor(program, context, async () => checks), ['doctor', ...args]);

  it('says what is missing and what works without it', async () => {
    const { code, stdout } = await run(CHECKS);
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        'ok        store   writable',
        'missing   github  Set GITHUB_TOKEN.',
        '                  Without it: The demo and classify work.',
        'caution   engine  git is old.',
        '',
        'Healer can work; 2 of 3 checks say what would make it better.',
        '',
      ].join('\n'),
    );
  });

  it('ends with 1 when a check failed, and names it', async () => {
    const failed: DoctorCheck = { name: 'github', status: 'failed', detail: '401 from GitHub', without: null };
    const { code, stderr, stdout } = await run([...CHECKS.slice(0, 1), failed]);
    expect(code).toBe(1);
    expect(stdout).toContain('FAILED    github  401 from GitHub');
    expect(stderr).toContain('not working: github');
  });

  it('prints one check a line as JSON', async () => {
    const lines = (await run(CHECKS, ['--json'])).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).name)).toEqual(['store', 'github', 'engine']);
  });

  it('says that all is well when it is', async () => {
    expect((await run(CHECKS.slice(0, 1))).stdout).toContain('The one check is well.');
  });
});
