import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SENSORS_DIR } from './support/manifests.ts';

const SCRIPT = join(SENSORS_DIR, 'dead-letters/resend.sh');

/** Answers as kubectl does for what the script asks: a letter is a folder with two files. */
const KUBECTL = `#!/usr/bin/env bash
set -euo pipefail
[ "$1 $2" = "-n argo-events" ] || { echo "wrong namespace: $*" >&2; exit 9; }
shift 2
case "$*" in
  'get secrets -l healer/dead-letter'*) cd "$LETTERS"; for one in *; do [ -d "$one" ] && echo "secret/$one"; done ;;
  'get secret/'*'annotations.healer/endpoint}') cat "$LETTERS/\${2#secret/}/endpoint" ;;
  'get secret/'*'.data.delivery}') base64 < "$LETTERS/\${2#secret/}/delivery" | tr -d '\\n' ;;
  'delete secret/'*) rm -r "$LETTERS/\${2#secret/}" ;;
  *) echo "unexpected: $*" >&2; exit 9 ;;
esac
`;

interface Posted {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

let folder: string;
let server: Server;
let posted: Posted[];
let answer: (path: string) => number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'healer-letters-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'letters'));
  writeFileSync(join(folder, 'bin/kubectl'), KUBECTL);
  chmodSync(join(folder, 'bin/kubectl'), 0o755);
  posted = [];
  answer = () => 202;
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => {
      const path = request.url ?? '';
      posted.push({ path, authorization: request.headers.authorization, body });
      response.writeHead(answer(path)).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

function keep(name: string, endpoint: string, delivery: string): void {
  const letter = join(folder, 'letters', name);
  mkdirSync(letter);
  writeFileSync(join(letter, 'endpoint'), endpoint);
  writeFileSync(join(letter, 'delivery'), delivery);
}

const left = () => readdirSync(join(folder, 'letters'));

function resend(environment: NodeJS.ProcessEnv = {}): Promise<{ code: number; stdout: string; stderr: string }> {
  const { port } = server.address() as AddressInfo;
  const env = {
    PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
    LETTERS: join(folder, 'letters'),
    HEALER_URL: `http://127.0.0.1:${port}/`,
    HEALER_API_TOKEN: 'token-of-a-test',
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(SCRIPT, [], { env, encoding: 'utf8' }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

describe('resending dead letters', () => {
  it('posts each to its endpoint, byte for byte and with the token, and removes what was taken', async () => {
    const delivery = '{"body":{"message":"a \\"b\\" <c> ü\\n"},"headers":{"X-GitHub-Event":"push"}}';
    keep('dead-letter-ci-failure-1', '/api/remediate/ci-failure', delivery);
    keep('dead-letter-review-2', '/api/remediate/review', '{"body":{}}');
    const { code, stdout } = await resend();
    const authorization = 'Bearer token-of-a-test';
    expect(posted).toEqual([
      { path: '/api/remediate/ci-failure', authorization, body: delivery },
      { path: '/api/remediate/review', authorization, body: '{"body":{}}' },
    ]);
    expect(left()).toEqual([]);
    expect(code).toBe(0);
    expect(stdout).toContain('202 secret/dead-letter-ci-failure-1 /api/remediate/ci-failure');
  });

  it('leaves what was refused, goes on with the others, and says so', async () => {
    keep('dead-letter-ci-failure-1', '/api/remediate/ci-failure', '{}');
    keep('dead-letter-review-2', '/api/remediate/review', '{}');
    answer = (path) => (path.endsWith('review') ? 200 : 503);
    const { code, stderr } = await resend();
    expect(left()).toEqual(['dead-letter-ci-failure-1']);
    expect(code).toBe(1);
    expect(stderr).toContain('1 dead letters were not taken');
  });

  it('leaves everything when Healer cannot be reached', async () => {
    keep('dead-letter-ci-failure-1', '/api/remediate/ci-failure', '{}');
    const { code, stdout } = await resend({ HEALER_URL: 'http://127.0.0.1:1' });
    expect(left()).toEqual(['dead-letter-ci-failure-1']);
    expect(code).toBe(1);
    expect(stdout).toContain('000 secret/dead-letter-ci-failure-1');
  });

  it('asks for the token before it does anything', async () => {
    keep('dead-letter-ci-failure-1', '/api/remediate/ci-failure', '{}');
    const { code, stderr } = await resend({ HEALER_API_TOKEN: '' });
    expect(code).toBe(1);
    expect(stderr).toContain('Set HEALER_API_TOKEN');
    expect(posted).toEqual([]);
  });
});
