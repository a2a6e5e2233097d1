import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TOKEN } from '../../../src/cli/demo/github/index.ts';
import { API_TOKEN, inWorld, STORIES, WEBHOOK_SECRET } from '../../support/world.ts';

/** Put together here, so that none of them stands in this repository as a secret would. */
const SECRETS = {
  'a token of GitHub': `ghp_${'Zx9Kq2Lm'.repeat(4)}Ab3D`,
  'a key of AWS': `AKIA${'J5QW7RNTB2LC'.slice(0, 12)}4X6P`,
  'a password in an address': `s3cr${'3tPassw0rd'}xyzzy`,
  'an assigned password': `correct${'-horse-battery-'}staple-93`,
  'a bearer token': `eyJ${'hbGciOiJIUzI1NiJ9'}.${'eyJzdWIiOiIxMjM0NTY3ODkwIn0'}.${'dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P'}`,
  'the service’s own token': DEFAULT_TOKEN,
} as const;

const LOG = [
  '##[group]Run cargo build',
  `cargo build --registry-token ${SECRETS['a token of GitHub']}`,
  '##[endgroup]',
  `aws_access_key_id = ${SECRETS['a key of AWS']}`,
  `error: failed to get from postgres://shop:${SECRETS['a password in an address']}@db.internal:5432/shop`,
  `error[E0425]: cannot find value \`${SECRETS['a token of GitHub']}\` in this scope`,
  ' --> src/cart.rs:12:5',
  `DATABASE_PASSWORD=${SECRETS['an assigned password']}`,
  `curl: (22) authorization: Bearer ${SECRETS['a bearer token']}`,
  `remote: invalid credentials ${SECRETS['the service’s own token']}`,
  'error: could not compile `shop` (lib) due to 1 previous error',
  '##[error]Process completed with exit code 101.',
].join('\n');

/** Names of the secrets that stand in the bytes, as they are or as JSON, a URL or base64 would write them. */
function found(bytes: Buffer | string): readonly string[] {
  const all = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
  return Object.entries(SECRETS).flatMap(([name, secret]) => {
    const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')];
    return forms.some((form) => all.includes(form)) ? [name] : [];
  });
}

describe('a secret in a log', STORIES, () => {
  it('reaches neither store, prompt, CodeRun, comment, API nor Healer’s own log', () => {
    const logged: string[] = [];
    return inWorld({ onLog: (line) => logged.push(line) }, async (world) => {
      world.plan({ '*': ['leak', 'commit'] });
      writeFileSync(join(dirname(world.dataDir), 'agent', 'leak.txt'), SECRETS['a token of GitHub']);
      world.commit('topic');
      const pull = await world.gh.addPullRequest({ title: 'Work', head: 'topic', author: 'ada' });
      const { runId } = world.gh.addRun({
        headBranch: 'topic',
        headSha: world.headOf('topic') ?? '',
        announce: true,
        jobs: [
          {
            name: 'build',
            conclusion: 'failure',
            log: LOG,
            steps: [{ name: 'Run cargo build', conclusion: 'failure' }],
            annotations: [{ path: 'src/cart.rs', line: 12, message: `password=${SECRETS['an assigned password']}` }],
          },
        ],
      });
      const task = `ci-${runId}`;
      await world.agentPushed(task);
      world.run('topic', { build: { red: LOG } });
      const second = await world.phase(task, 'verifying', 2);
      const prompt = await world.prompt(task);
      // What broke is told all the same, and where something was taken out.
      expect(prompt).toContain('could not compile');
      expect(prompt).toMatch(/«redacted:[a-z-]+:\d+»/);
      world.run('topic', { build: 'green' });
      await world.ended(task);
      const comment = await world.comment(pull, (body) => body.includes('Verified green'));

      expect(found(prompt), 'prompt').toEqual([]);
      expect(found(comment), 'comment').toEqual([]);
      const { name = '' } = (await world.codeRuns())[0] ?? {};
      expect(found((await world.service.engine.output(name, 100_000)) ?? ''), 'output').toEqual([]);
      const paths = [
        '/',
        '/metrics',
        '/api/status',
        '/api/remediations',
        `/api/remediations/${task}`,
        `/api/status/${task}`,
        `/remediations/${second.id}`,
        '/api/deliveries',
        '/deliveries',
      ];
      for (const path of paths) {
        const { status, body } = await world.get(path);
        expect(status, path).toBe(200);
        expect(found(JSON.stringify(body)), path).toEqual([]);
      }
      const runs = join(world.dataDir, 'runs');
      for (const run of readdirSync(runs))
        expect(found(readFileSync(join(runs, run, 'files', 'prompt.md'))), 'prompt file').toEqual([]);
      await world.restart();
      const stored = readdirSync(world.dataDir).filter((file) => file.startsWith('healer.sqlite'));
      expect(stored).toContain('healer.sqlite');
      const bytes = Buffer.concat(stored.map((file) => readFileSync(join(world.dataDir, file))));
      expect(bytes.includes('could not compile')).toBe(true);
      expect(found(bytes), 'store').toEqual([]);
      const log = logged.join('');
      expect(log.length).toBeGreaterThan(1_000);
      expect(found(log), 'log').toEqual([]);
      for (const own of [API_TOKEN, WEBHOOK_SECRET, DEFAULT_TOKEN]) expect(log).not.toContain(own);
    });
  });
});
