import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/program.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const README = readFileSync(resolve(ROOT, 'README.md'), 'utf8');
const manifest = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

async function run(...words: readonly string[]): Promise<{ code: number; text: string }> {
  let text = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const code = await runCli(['node', 'healer', ...words], {
    env: {},
    cwd: ROOT,
    stdin: process.stdin,
    stdout: sink,
    stderr: sink,
  });
  return { code, text };
}

describe('the README', () => {
  it('shows the two commands, each complete on a fresh clone', () => {
    expect(README).toContain('npm ci && npm run demo');
    expect(README).toContain('npm ci && npm test');
  });

  it('names only scripts that package.json has', () => {
    const scripts = [...README.matchAll(/npm (?:run )?(test|[a-z]+(?::[a-z]+)?)(?= |`|$)/gm)]
      .map((match) => match[1] ?? '')
      .filter((name) => name !== 'ci' && name !== 'run');
    expect(scripts.length).toBeGreaterThan(2);
    expect(scripts.filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
  });

  it('names only commands that there are, and all of them', async () => {
    const rows = README.split('\n').filter((line) => line.startsWith('| `healer '));
    const named = rows.flatMap((row) =>
      [...(row.split(' | ')[0] ?? '').matchAll(/`healer ([a-z-]+)/g)].map((match) => match[1] ?? ''),
    );
    const { text } = await run('--help');
    const known = [...text.matchAll(/^ {2}([a-z-]+) /gm)]
      .map((match) => match[1] ?? '')
      .filter((name) => name !== 'help');
    expect([...new Set(named)].toSorted()).toEqual(known.toSorted());
    for (const name of named) expect(await run(name, '--help'), name).toMatchObject({ code: 0 });
  });

  it('links only to files that there are', () => {
    const links = [...README.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? '');
    expect(links.length).toBeGreaterThan(2);
    expect(links.filter((link) => !existsSync(resolve(ROOT, link)))).toEqual([]);
  });
});
