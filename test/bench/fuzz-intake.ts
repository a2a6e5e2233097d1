/*
 * Throws 100,000 bodies (`--count`) at the doors, through the whole HTTP plugin: a third of a shape that is read, with values
 * on the edge, a third real ones with a part replaced, a third real ones with broken bytes. Ends with 1 when one is
 * answered with a 5xx, gets no reason, leads to a signal with unclean text, takes the processor for 50 ms, or when memory
 * grows. `--seed` repeats a run.
 */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import fastify from 'fastify';
import { interpretDelivery } from '../../src/intake/interpret.ts';
import { useProblems } from '../../src/intake/problem-handler.ts';
import { type IntakeDeps, intakeRoutes } from '../../src/intake/routes.ts';
import { serverOptions } from '../../src/intake/server-options.ts';
import type { Delivery } from '../../src/model/delivery.ts';
import { brokenShots, patchedShots, type Shot, shapedShots } from '../intake/support/fuzz.ts';
import { answerFor, NO_CREDENTIALS } from '../intake/support/service.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const COUNT = Number(values.count);
const SEED = Number(values.seed);
/** Shots made at once; making them is not timed. */
const BATCH = 500;
const KINDS = [shapedShots, patchedShots, brokenShots];
const LIMIT_MS = 50;
/** Heap that may be more at the end than after the first tenth, when everything that is made once has been made. */
const GROWTH_BYTES = 8 * 1024 * 1024;

/** Control characters (besides tab and line feed) and lone surrogates, as they stand in JSON text. */
const UNCLEAN = /(?<!\\)(?:\\\\)*\\(?:u00[01]|ud[89a-f]|[bfr])|[\u007f-\u009f]/;

const collect = globalThis.gc;
if (collect === undefined) throw new Error('Run it with --expose-gc, as `npm run fuzz:intake` does.');

/** What reached `accept` in the request under way. */
let seen: readonly { readonly delivery: Delivery; readonly signals: string }[] = [];
const accept: IntakeDeps['accept'] = async (delivery, meta) => {
  seen = [{ delivery, signals: JSON.stringify(meta.signals) }];
  return answerFor(delivery, meta);
};
const app = fastify(serverOptions());
useProblems(app);
app.register(intakeRoutes, { credentials: NO_CREDENTIALS, clock: () => 0, newId: () => 'DEL', accept });
await app.ready();

const failures: string[] = [];
const times = new Float64Array(COUNT);
let longest = 0;
const byAnswer: Record<string, number> = {};
const heap: number[] = [];
let [done, bytes] = [0, 0];

function describe({ door, event, bytes: body }: Shot): string {
  return `${door.path} ${event} ${body.toString('base64').slice(0, 400)}`;
}

async function fire(shot: Shot): Promise<void> {
  seen = [];
  const headers = {
    'content-type': 'application/json',
    ...(shot.event === null ? {} : { 'x-github-event': shot.event }),
  };
  const [cpuBefore, before] = [process.threadCpuUsage(), performance.now()];
  const answer = await app.inject({ method: 'POST', url: shot.door.path, payload: shot.bytes, headers });
  times[done] = performance.now() - before;
  const { user, system } = process.threadCpuUsage(cpuBefore);
  const spent = (user + system) / 1_000;
  longest = Math.max(longest, spent);
  const document = answer.json();
  const kept = seen.at(0) ?? null;
  const word = kept === null ? document.type : kept.signals === '[]' ? document.reason.code : 'signals';
  byAnswer[`${answer.statusCode} ${word}`] = (byAnswer[`${answer.statusCode} ${word}`] ?? 0) + 1;
  if (![200, 202, 400].includes(answer.statusCode)) failures.push(`status ${answer.statusCode}: ${describe(shot)}`);
  const isExplained = answer.statusCode === 400 ? document.errors.length > 0 : Boolean(document.reason.detail);
  if (!isExplained) failures.push(`no reason: ${describe(shot)}`);
  if (spent > LIMIT_MS) failures.push(`took ${spent.toFixed(0)} ms of processor time: ${describe(shot)}`);
  if (kept !== null && UNCLEAN.test(kept.signals)) failures.push(`unclean text in a signal: ${describe(shot)}`);
  if (kept !== null && JSON.stringify(interpretDelivery(kept.delivery).signals) !== kept.signals)
    failures.push(`reads differently from the store: ${describe(shot)}`);
}

const startedAt = performance.now();
while (done < COUNT) {
  const arbitrary = KINDS[(done / BATCH) % KINDS.length] ?? shapedShots;
  const shots = fc.sample(arbitrary, { numRuns: Math.min(BATCH, COUNT - done), seed: SEED + done });
  for (const shot of shots) {
    await fire(shot);
    done += 1;
    bytes += shot.bytes.length;
  }
  if (done % Math.ceil(COUNT / 10) < BATCH) {
    seen = [];
    collect();
    heap.push(process.memoryUsage().heapUsed);
  }
}
await app.close();

const sorted = times.toSorted();
const at = (share: number) => `${(sorted[Math.min(COUNT - 1, Math.floor(COUNT * share))] ?? 0).toFixed(2)} ms`;
const megabytes = (count: number) => `${(count / 1024 / 1024).toFixed(1)} MB`;
const growth = (heap.at(-1) ?? 0) - (heap[0] ?? 0);
if (growth > GROWTH_BYTES) failures.push(`the heap grew by ${megabytes(growth)}`);

console.log(
  `${COUNT} bodies, ${megabytes(bytes)}, seed ${SEED}, ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`,
);
console.log(
  `a request, as clocked: median ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}; most processor time of one: ${longest.toFixed(0)} ms`,
);
console.log(
  `heap after each tenth: ${heap.map(megabytes).join(', ')}; resident ${megabytes(process.memoryUsage().rss)}`,
);
for (const [answer, count] of Object.entries(byAnswer).toSorted(([, a], [, b]) => b - a))
  console.log(`${count}\t${answer}`);
console.log(failures.length === 0 ? 'no failure' : `${failures.length} failures:\n${failures.slice(0, 20).join('\n')}`);
process.exitCode = failures.length === 0 ? 0 : 1;
