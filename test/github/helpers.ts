import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { runGit } from '../../src/cli/demo/github/git.ts';
import { createDemoRemote, DEFAULT_TOKEN, type GitHubOptions, startGitHub } from '../../src/cli/demo/github/index.ts';

export const SECRET = 'a secret of the tests';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'github-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

export interface Received {
  readonly event: string;
  readonly id: string;
  readonly action: string | null;
  readonly raw: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown>;
}

/** Takes webhooks; answers with the next of `statuses`, then 202. */
export async function startReceiver(...statuses: number[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const raw = Buffer.concat(chunks).toString();
    const headers = request.headers as Record<string, string>;
    const body = JSON.parse(raw) as Record<string, unknown>;
    const action = typeof body['action'] === 'string' ? body['action'] : null;
    received.push({
      event: headers['x-github-event'] ?? '',
      id: headers['x-github-delivery'] ?? '',
      action,
      raw,
      headers,
      body,
    });
    response.writeHead(statuses.shift() ?? 202).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}

const template = mkdtempSync(join(tmpdir(), 'github-template-'));
let made: Promise<string> | null = null;
afterAll(() => rmSync(template, { recursive: true, force: true, maxRetries: 10 }));

/** The demo's repository, copied by every test of a file rather than made anew. */
function madeOnce(): Promise<string> {
  made ??= createDemoRemote(template).then(() => template);
  return made;
}

/** A stand-in over the demo's repository. Refs are looked at only when a test says so; checks run only on request. */
export async function startDemo(options: Partial<GitHubOptions> = {}) {
  const dataDir = options.dataDir ?? temporaryFolder();
  const original = await madeOnce();
  if (!existsSync(join(dataDir, 'remote.git'))) {
    cpSync(join(original, 'remote.git'), join(dataDir, 'remote.git'), { recursive: true });
  }
  const remote = await createDemoRemote(dataDir);
  return { ...(await start({ dataDir, remote, pullRequests: [remote.pullRequest], ...options })), remote };
}

/** A stand-in over an empty repository, for pushes that are quickly checked. */
export function startEmpty(options: Partial<GitHubOptions> = {}) {
  const remote = { owner: 'acme', name: 'shop', defaultBranch: 'main' };
  return start({ dataDir: temporaryFolder(), remote, checks: { enabled: true, pollMs: 0 }, ...options });
}

/** Pushes a branch whose only file is this workflow. */
export async function pushWorkflow(remotePath: string, branch: string, workflow: string): Promise<void> {
  const folder = mkdtempSync(join(temporaryFolder(), 'work-'));
  mkdirSync(join(folder, '.github/workflows'), { recursive: true });
  writeFileSync(join(folder, '.github/workflows/ci.yml'), workflow);
  await runGit(['init', '--quiet', `--initial-branch=${branch}`, folder]);
  await runGit(['-C', folder, 'add', '--all']);
  const who = ['-c', 'user.name=Eve', '-c', 'user.email=7+eve[bot]@users.noreply.github.com'];
  await runGit(['-C', folder, ...who, 'commit', '--quiet', '--message', `The work of ${branch}`]);
  await runGit(['-C', folder, 'push', '--quiet', remotePath, branch]);
}

async function start(options: Partial<GitHubOptions> & Pick<GitHubOptions, 'dataDir' | 'remote'>) {
  const { dataDir } = options;
  const gh = await startGitHub({
    webhook: null,
    ...options,
    checks: { enabled: false, pollMs: 0, ...options.checks },
  });
  onTestFinished(() => gh.close());
  const call = async (method: string, path: string, body?: unknown, token = DEFAULT_TOKEN) => {
    const answer = await fetch(new URL(path, gh.url), {
      method,
      redirect: 'manual',
      headers: token === '' ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') && bytes.length > 0;
    // biome-ignore lint/suspicious/noExplicitAny: tests reach into answers of many shapes
    const json = (isJson ? JSON.parse(bytes.toString()) : null) as any;
    return { status: answer.status, headers: answer.headers, bytes, json };
  };
  const addBranch = (name: string, from: string) =>
    runGit(['--git-dir', gh.remotePath, 'update-ref', `refs/heads/${name}`, `refs/heads/${from}`]);
  /** A job's log by way of the redirect. */
  const logOf = async (job: { readonly id: number } | undefined) => {
    const { headers } = await call('GET', `${REPO}/actions/jobs/${job?.id}/logs`);
    return (await call('GET', headers.get('location') ?? '', undefined, '')).bytes.toString();
  };
  return { gh, call, dataDir, addBranch, logOf };
}

/** Shaped like the token an App signs for itself; the stand-in does not verify it. */
export const APP_TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl';
export const REPO = '/repos/acme/shop';
