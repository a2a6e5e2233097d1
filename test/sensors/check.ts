import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { deliver, EVENT_ID } from './support/argo.ts';
import { SENSORS, SENSORS_DIR } from './support/manifests.ts';
import { GITHUB_REQUESTS, OTHER_REQUESTS } from './support/requests.ts';

/*
 * npm run test:sensors: the manifests held against Argo Events' own code (test/sensors/go), and the model of it that the unit
 * tests use held against the same. The first run downloads and compiles Argo Events: some minutes.
 */

interface Report {
  readonly objects: Readonly<Record<string, number>>;
  readonly retrySeconds: Readonly<Record<string, number>>;
  readonly allowed: Readonly<Record<string, readonly number[]>>;
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, GoOutcome>>>>;
}

interface GoOutcome {
  readonly passed: boolean;
  readonly filterError?: string;
  readonly payload?: string;
  readonly letter?: {
    readonly metadata: { readonly name: string };
    readonly stringData: { readonly delivery: string };
  };
}

const GO_DIR = join(import.meta.dirname, 'go');
const REQUESTS = [...GITHUB_REQUESTS, ...OTHER_REQUESTS];
/** Seconds: a sensor takes one event after the other, so what a single one may hold up is bounded. */
const LONGEST_RETRY = 180;

const faults: string[] = [];
function expect(holds: boolean, fault: string): void {
  if (!holds) faults.push(fault);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function go(args: readonly string[], output: 'pipe' | 'inherit'): string {
  const stdio = ['ignore', output, 'inherit'] as const;
  const run = spawnSync('go', args, { cwd: GO_DIR, encoding: 'utf8', stdio: [...stdio] });
  if (run.error)
    fail('Go is missing. Install Go 1.25 or newer (https://go.dev/dl) and put it on the PATH, then run this again.');
  if (run.status !== 0) fail(`go ${args[0]} ended with ${run.status}.`);
  return run.stdout ?? '';
}

function runGo(): Report {
  go(['version'], 'pipe');
  go(['mod', 'download'], 'inherit');
  const module = go(['list', '-m', '-f', '{{.Dir}}', 'github.com/argoproj/argo-events'], 'pipe').trim();
  const folder = mkdtempSync(join(tmpdir(), 'healer-sensors-'));
  try {
    const [requests, out] = [join(folder, 'requests.json'), join(folder, 'report.json')];
    writeFileSync(requests, JSON.stringify(REQUESTS));
    const crds = join(module, 'manifests/base/crds');
    go(['run', '.', '-sensors', SENSORS_DIR, '-crds', crds, '-requests', requests, '-out', out], 'inherit');
    return JSON.parse(readFileSync(out, 'utf8')) as Report;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const report = runGo();
let passed = 0;
for (const request of REQUESTS) {
  for (const sensor of SENSORS) {
    const name = sensor.metadata.name;
    const modelled = deliver(sensor, request);
    const real = report.outcomes[request.id]?.[name];
    const where = `${request.id}, ${name}`;
    expect((modelled === null) === (real === undefined), `${where}: only one of the two listens`);
    if (!modelled || !real) continue;
    expect(modelled.passed === real.passed, `${where}: the model says ${modelled.passed}, Argo Events ${real.passed}`);
    expect(real.filterError === undefined, `${where}: ${real.filterError}`);
    if (!modelled.passed || !real.passed) continue;
    passed += 1;
    const payload: unknown = JSON.parse(real.payload ?? 'null');
    expect(isDeepStrictEqual(payload, modelled.payload), `${where}: the model builds another payload`);
    const origin = name.replace(/^healer-/, '');
    expect(real.letter?.metadata.name === `dead-letter-${origin}-${EVENT_ID}`, `${where}: the dead letter's name`);
    const letter: unknown = JSON.parse(real.letter?.stringData.delivery ?? 'null');
    expect(isDeepStrictEqual(letter, payload), `${where}: the dead letter is not what would have been posted`);
  }
}
for (const { metadata } of SENSORS)
  expect(
    isDeepStrictEqual(report.allowed[metadata.name], [200, 202]),
    `${metadata.name}: other answers than 200 and 202`,
  );
for (const [trigger, seconds] of Object.entries(report.retrySeconds))
  expect(seconds > 0 && seconds <= LONGEST_RETRY, `${trigger}: waits ${seconds} s between its tries`);

if (faults.length > 0) fail(`${faults.slice(0, 20).join('\n')}\n${faults.length} faults.`);
const kinds = Object.entries(report.objects).map(([kind, count]) => `${count} ${kind}`);
console.log(`Decoded strictly and validated, in their files and as kustomize builds them: ${kinds.join(', ')}.`);
console.log(
  `${REQUESTS.length} requests carried, ${passed} deliveries to Healer; model and Argo Events agree on each.`,
);
