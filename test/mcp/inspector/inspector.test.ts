import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOOLS } from '../../../src/app/mcp/registry.ts';
import { API_TOKEN, REPOSITORY, RUST_LOG, startWorld, type World } from '../../support/world.ts';

const INSPECTOR = join(
  import.meta.dirname,
  'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
);
const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');

let world: World;
let home: string;
let remediation: string;
/** What the last retry began. */
let retried = '';
beforeAll(async () => {
  if (!existsSync(INSPECTOR)) throw new Error('The inspector is not installed; run this suite with npm run test:mcp.');
  home = mkdtempSync(join(tmpdir(), 'healer-inspector-'));
  world = await startWorld({ settings: { maxAttempts: 1 } });
  world.plan({ '*': ['say-no-change'], broken: ['fail'] });
  world.commit('broken');
  remediation = `ci-${world.run('broken', { build: 'red' }).runId}`;
  // What begins anew works until it is cancelled.
  world.plan({ [`${remediation}-r1`]: ['wait then commit'], [`${remediation}-r2`]: ['wait then commit'] });
  await world.eventually(
    async () => (await world.get(`/api/remediations/${remediation}`)).status === 200,
    'it is there',
  );
  await world.phase(remediation, 'escalated');
});
afterAll(async () => {
  await world.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 10 });
});

/** Runs `inspector --cli` and gives what it printed as JSON, with its exit code. */
function inspect(
  transport: string,
  method: readonly string[],
): Promise<{ code: number; json: Answer; output: string }> {
  const target =
    transport === 'http'
      ? [`${world.url}/mcp`, '--transport', 'http', '--header', `Authorization: Bearer ${API_TOKEN}`]
      : [process.execPath, MAIN, 'mcp', '-e', `HEALER_URL=${world.url}`, '-e', `HEALER_API_TOKEN=${API_TOKEN}`];
  const env = { PATH: process.env['PATH'], HOME: home, NODE_NO_WARNINGS: '1' };
  return new Promise((done) => {
    // A busy machine may take longer to start a server than the inspector waits by itself.
    const parameters = [INSPECTOR, '--cli', '--quiet', '--connect-timeout', '90000', ...target, ...method];
    execFile(process.execPath, parameters, { env, encoding: 'utf8', maxBuffer: 64e6 }, (error, stdout, stderr) => {
      const start = stdout.indexOf('{');
      const json = start === -1 ? null : JSON.parse(stdout.slice(start));
      done({ code: Number(error?.code ?? 0), json, output: stdout + stderr });
    });
  });
}

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
type Answer = any;

const task = (id: string) => [
  `task_id=${id}`,
  'service=shop',
  `repository_url=${REPOSITORY}`,
  'github_app=5DLabs-Rex',
  'prompt=Sell things.',
];
const EVENT = JSON.stringify({ action: 'completed', alert: { number: 1 } });

/** A call of each tool; `wants` is in what it answers. */
const CALLS: readonly (readonly [
  tool: string,
  given: (transport: string) => readonly string[],
  wants: (transport: string) => object,
])[] = [
  ['submit_implementation_task', (by) => task(`i-${by}`), (by) => ({ task_id: `i-${by}`, inputs: { agent: 'rex' } })],
  ['submit_docs_task', (by) => task(`d-${by}`), (by) => ({ run_type: 'documentation', task_id: `d-${by}` })],
  ['list_remediations', () => ['limit=5'], () => ({ filter: { limit: 5 } })],
  ['get_remediation', () => [`id=${remediation}`], () => ({ task_id: remediation, phase: 'escalated' })],
  [
    'retry_remediation',
    (by) => [`id=${remediation}`, `guidance=Said by ${by}.`],
    (by) => ({ command: 'retry', guidance: `Said by ${by}.`, mode: 'append' }),
  ],
  ['cancel_remediation', () => [`id=${retried}`], () => ({ command: 'cancel', remediation: { phase: 'cancelled' } })],
  ['classify_log', () => [`log=${RUST_LOG}`], () => ({ agent: 'rex', failure_type: 'rust_build' })],
  ['explain_event', () => [`event=${EVENT}`, 'event_type=ping'], () => ({ status: 'ignored' })],
  ['get_insights', () => ['days=7'], () => ({ inputs: { days: 7 } })],
];

it('every tool is called here', () => {
  expect(CALLS.map(([name]) => name)).toEqual(TOOLS.map(({ name }) => name));
});

describe.each(['http', 'stdio'])('the inspector over %s', (transport) => {
  it('lists every tool, with schemas that any client takes', async () => {
    const { code, json, output } = await inspect(transport, ['--method', 'tools/list', '--strict']);
    expect(code, output).toBe(0);
    expect(json.tools.map(({ name }: { name: string }) => name)).toEqual(TOOLS.map(({ name }) => name));
  });

  it('calls every tool', async () => {
    for (const [name, given, wants] of CALLS) {
      const parameters = given(transport).flatMap((pair) => ['--tool-arg', pair]);
      const { json, output } = await inspect(transport, ['--method', 'tools/call', '--tool-name', name, ...parameters]);
      expect(json?.isError, `${name}: ${output}`).not.toBe(true);
      expect(json?.structuredContent, `${name}: ${output}`).toMatchObject(wants(transport));
      if (name === 'retry_remediation') retried = json.structuredContent.remediation.task_id;
    }
  });

  it('shows what a refused call says', async () => {
    const call = ['--method', 'tools/call', '--tool-name', 'get_remediation', '--tool-arg', 'id=ci-999'];
    const { json, output } = await inspect(transport, call);
    expect(json?.isError, output).toBe(true);
    expect(json.content[0].text).toContain('list_remediations');
  });
});
