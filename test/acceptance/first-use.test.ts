import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startGitHub } from '../../src/cli/demo/github/index.ts';
import { SOURCES } from '../../src/intake/sources/index.ts';
import { freePort } from '../support/ports.ts';
import { commitTo } from '../support/remote.ts';
import { temporaryFolder } from '../support/service.ts';
import { RUST_LOG } from '../support/world.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const PATIENCE_MS = 100_000;
const SECRET = 'the secret of the readme';

/** The shell block of “Start it”, as a reader would paste it, with their own values where the page has dots. */
function startIt(): string {
  const section = README.slice(README.indexOf('## First real use'), README.indexOf('## With Argo Events'));
  const [, block = ''] = /^ {3}```sh\n([\s\S]*?)^ {3}```$/m.exec(section) ?? [];
  return block
    .replace('GITHUB_APP_ID=…', 'GITHUB_APP_ID=4711')
    .replace('GITHUB_WEBHOOK_SECRET=…', `GITHUB_WEBHOOK_SECRET='${SECRET}'`);
}

async function eventually<T>(look: () => Promise<T | null> | T | null, what: () => string): Promise<T> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== null) return seen;
    if (Date.now() > until) throw new Error(`Not in time: ${what()}`);
    await delay(50);
  }
}

describe('the README’s first real use', () => {
  it('names every event that Healer reads, and no other', () => {
    const [, listed = ''] = /<!-- events -->([\s\S]*?)<!-- \/events -->/.exec(README) ?? [];
    const named = [...listed.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    expect(named).toEqual(SOURCES.github.events.filter((event) => event !== 'ping').toSorted());
  });

  it('leads from its shell block to a comment that says what broke, and starts nothing', async () => {
    const folder = temporaryFolder();
    const port = await freePort();
    const gh = await startGitHub({
      dataDir: join(folder.path, 'github'),
      remote: { owner: 'acme', name: 'shop', defaultBranch: 'main' },
      webhook: { url: `http://127.0.0.1:${port}/api/webhooks/github`, secret: SECRET },
      checks: { enabled: false, pollMs: 0 },
    });
    const programs = join(folder.path, 'bin');
    mkdirSync(programs);
    writeFileSync(join(programs, 'claude'), '#!/bin/sh\nexit 1\n');
    chmodSync(join(programs, 'claude'), 0o755);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = join(folder.path, 'key.pem');
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const shell = spawn('bash', ['-c', startIt().replace('app.private-key.pem', key)], {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: [programs, process.env['PATH'] ?? '', dirname(process.execPath)].join(delimiter),
        HOME: folder.path,
        HOST: '127.0.0.1',
        PORT: String(port),
        GITHUB_API_URL: gh.url,
        HEALER_DATA_DIR: join(folder.path, 'healer'),
      },
    });
    // Its output ends with the last of its processes.
    const ended = once(shell, 'close');
    let said = '';
    for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
    try {
      const ready = () =>
        fetch(`http://127.0.0.1:${port}/ready`).then(
          ({ status }) => (status === 200 ? true : null),
          () => null,
        );
      await eventually(ready, () => `the service is ready; it said:\n${said}`);
      commitTo(gh.remotePath, 'main', { 'README.md': '# Shop\n' }, 'Begin');
      const headSha = commitTo(gh.remotePath, 'topic', { 'src/cart.rs': 'fn total() {}\n' }, 'Add totals');
      await gh.checkRefs();
      const pull = await gh.addPullRequest({ title: 'Totals', head: 'topic', author: 'ada' });
      gh.addRun({
        headBranch: 'topic',
        headSha,
        jobs: [{ name: 'build', conclusion: 'failure', log: RUST_LOG }],
        announce: true,
      });
      const comment = await eventually(
        () => gh.state.comments.find(({ issue, body }) => issue === pull && body.includes('mismatched types')) ?? null,
        () => `the comment says what broke; Healer said:\n${said}`,
      );
      expect(comment.body).toContain('Rex');
      expect(said).toContain('shadow');
    } finally {
      process.kill(-(shell.pid ?? 0), 'SIGTERM');
      await ended;
      await gh.close();
      folder.remove();
    }
  });
});
