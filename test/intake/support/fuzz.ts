/* What the fuzz tests and the fuzz benchmark throw at the doors. */
import fc from 'fast-check';
import { DOORS, type Door } from '../../../src/intake/doors.ts';
import { EVENTS } from '../../../src/intake/sources/github/normalise.ts';
import type { SourceName } from '../../../src/intake/sources/index.ts';
import {
  ALERT_GROUP,
  codeScanningAlert,
  dependabotAlert,
  PLAY_FAILURE,
  review,
  reviewComment,
  secretScanningAlert,
  vulnerabilityAlert,
} from './alerts.ts';
import {
  branchDeletion,
  checkRun,
  checkSuite,
  comment,
  mergeGroup,
  pullRequest,
  push,
  status,
  workflowJob,
  workflowRun,
  wrapped,
} from './bodies.ts';
import { EXAMPLES } from './examples.ts';

export interface Seed {
  readonly source: SourceName;
  readonly event: string;
  readonly body: unknown;
}

const button = {
  ...checkRun({ output: { title: 'x', summary: 'y' } }, 'requested_action'),
  requested_action: { identifier: 'fix' },
};

/** One body of our own for every event of every source: each with all the fields that are read. */
export const OURS: readonly Seed[] = [
  ...Object.entries({
    workflow_job: workflowJob(),
    workflow_run: workflowRun(),
    check_run: checkRun(),
    check_suite: checkSuite(),
    status: status(),
    dependabot_alert: dependabotAlert(),
    code_scanning_alert: codeScanningAlert(),
    secret_scanning_alert: secretScanningAlert({ resolution_comment: 'gone' }),
    repository_vulnerability_alert: vulnerabilityAlert(),
    pull_request_review: review(),
    pull_request_review_comment: reviewComment(),
    pull_request: pullRequest('closed'),
    merge_group: mergeGroup('checks_requested', 'gh-readonly-queue/main/pr-1-x'),
    push: push(),
    delete: branchDeletion(),
    issue_comment: comment('/healer retry with words'),
    ping: { zen: 'Keep it small.', hook_id: 1 },
  }).map(([event, body]): Seed => ({ source: 'github', event, body })),
  { source: 'github', event: 'check_run', body: button },
  { source: 'alertmanager', event: 'platform_alert', body: ALERT_GROUP },
  { source: 'alertmanager', event: 'workflow_alert', body: ALERT_GROUP },
  { source: 'play', event: 'play_failure', body: PLAY_FAILURE },
];

/** Ours, ours in a sensor's wrapping, and GitHub's published ones. */
export const SEEDS: readonly Seed[] = [
  ...OURS,
  ...OURS.map((seed) => ({ ...seed, body: wrapped(seed.body, seed.event) })),
  ...OURS.map((seed) => ({ ...seed, body: wrapped(JSON.stringify(seed.body), seed.event) })),
  ...EXAMPLES.filter(({ event }) => event in EVENTS).map(
    ({ event, body }): Seed => ({ source: 'github', event, body }),
  ),
];

/** Values that have upset readers of JSON before. */
export const poison = fc.oneof(
  fc.constantFrom<unknown>(null, '', [], {}, -1, 0, 1e308, 2 ** 53, true, '\ud800', '\u0000', '__proto__', '../..', [
    [[]],
  ]),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 2 }),
);

const HOSTILE = [
  '$(id)',
  "'; drop table deliveries;--",
  '{{7*7}}',
  '<script>x</script>',
  '\u202e',
  '\u001b[2J',
  'a\nb: c',
  '`id`',
];

/**
 * Bodies of the same shape as `value`: the same keys, most of them there, each with a value of the same kind or one that
 * is on the edge of it, and now and then one of another kind.
 */
export function like(value: unknown): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 150, arbitrary: sameKind(value) }, { weight: 1, arbitrary: poison });
}

function sameKind(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value === 'string')
    return fc.oneof(
      { weight: 60, arbitrary: fc.constant(value) },
      { weight: 1, arbitrary: fc.constantFrom(...HOSTILE).map((text) => value + text) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
      { weight: 1, arbitrary: fc.nat(4_000).map((length) => value.padEnd(length, value || 'x')) },
    );
  if (typeof value === 'number')
    return fc.oneof(
      { weight: 40, arbitrary: fc.constant(value) },
      { weight: 10, arbitrary: fc.nat() },
      { weight: 1, arbitrary: fc.maxSafeInteger() },
      { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
    );
  if (typeof value === 'boolean') return fc.constantFrom(true, false, null);
  if (Array.isArray(value))
    return value.length === 0 ? fc.constant([]) : fc.array(fc.oneof(...value.map(like)), { maxLength: 4 });
  if (typeof value !== 'object' || value === null) return fc.constant(value);
  const entries = Object.entries(value);
  const model = Object.fromEntries(entries.map(([key, inner]) => [key, like(inner)]));
  return fc.oneof(
    { weight: 12, arbitrary: fc.record(model) },
    { weight: 1, arbitrary: fc.record(model, { requiredKeys: [] }) },
  );
}

/** Where in a body something may be put: keys and indexes from the top. */
export function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return [[...path], ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

export function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((inner, index) => (String(index) === key ? replaced(inner, rest, by) : inner));
  const inner = (value as Record<string, unknown>)[key];
  return { ...(value as object), [key]: replaced(inner, rest, by) };
}

interface Edit {
  readonly at: number;
  readonly kind: 'set' | 'drop' | 'double' | 'insert';
  readonly byte: number;
}

/** Bytes changed, removed, doubled or put in at random places. */
export const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    at: fc.nat(1_000_000),
    kind: fc.constantFrom('set', 'drop', 'double', 'insert'),
    byte: fc.nat(255),
  }),
  { minLength: 1, maxLength: 4 },
);

export function mutate(bytes: Uint8Array, changes: readonly Edit[]): Buffer {
  let result = Buffer.from(bytes);
  for (const { at, kind, byte } of changes) {
    const place = result.length === 0 ? 0 : at % result.length;
    const [head, tail] = [result.subarray(0, place), result.subarray(place)];
    if (kind === 'set' && place < result.length) result[place] = byte;
    if (kind === 'drop') result = Buffer.concat([head, tail.subarray(1 + (byte % 40))]);
    if (kind === 'double') result = Buffer.concat([head, tail.subarray(0, byte), tail]);
    if (kind === 'insert') result = Buffer.concat([head, Buffer.from([byte]), tail]);
  }
  return result;
}

/** Mostly the doors of the seed's own source. */
export function doorFor({ source }: Seed): fc.Arbitrary<Door> {
  const own = DOORS.filter((door) => door.source === source);
  return fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...own) },
    { weight: 1, arbitrary: fc.constantFrom(...DOORS) },
  );
}

/** One request: bytes at a door, with or without a name. */
export interface Shot {
  readonly door: Door;
  readonly event: string | null;
  readonly bytes: Buffer;
}

function shot(seed: Seed, bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<Shot> {
  return fc.record({
    door: doorFor(seed),
    event: fc.constantFrom(...Array(6).fill(seed.event), null, null, 'star'),
    bytes,
  });
}

const bytesOf = (body: unknown) => Buffer.from(JSON.stringify(body) ?? '');

/** Bodies of a shape that is read, bare or wrapped by a sensor. */
export const shapedShots: fc.Arbitrary<Shot> = fc.oneof(
  ...OURS.map((seed) =>
    shot(
      seed,
      fc.tuple(like(seed.body), fc.nat(5)).map(([body, way]) => {
        if (way === 0) return bytesOf(wrapped(body, seed.event));
        return bytesOf(way === 1 ? wrapped(JSON.stringify(body), seed.event) : body);
      }),
    ),
  ),
);

const RAW = SEEDS.map((seed) => ({ seed, bytes: bytesOf(seed.body) }));

/** Real bodies with one part replaced by something else: still JSON, of which the most is as it should be. */
export const patchedShots: fc.Arbitrary<Shot> = fc
  .constantFrom(...SEEDS.map((seed) => ({ seed, paths: pathsOf(seed.body) })))
  .chain(({ seed, paths }) =>
    shot(
      seed,
      fc.tuple(fc.constantFrom(...paths), poison).map(([path, value]) => bytesOf(replaced(seed.body, path, value))),
    ),
  );

/** Real bodies with broken bytes. */
export const brokenShots: fc.Arbitrary<Shot> = fc.constantFrom(...RAW).chain(({ seed, bytes }) =>
  shot(
    seed,
    edits.map((changes) => mutate(bytes, changes)),
  ),
);
