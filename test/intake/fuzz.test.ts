import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DOORS } from '../../src/intake/doors.ts';
import { type Interpretation, interpret } from '../../src/intake/interpret.ts';
import { EVENTS, normalise } from '../../src/intake/sources/github/normalise.ts';
import type { Signal } from '../../src/model/signal.ts';
import {
  checkRun,
  checkSuite,
  comment,
  pullRequest,
  push,
  status,
  workflowJob,
  workflowRun,
  wrapped,
} from './support/bodies.ts';
import { cpuMs } from './support/cpu.ts';
import { EXAMPLES } from './support/examples.ts';
import { startService } from './support/service.ts';

const OURS = [
  ['workflow_job', workflowJob()],
  ['workflow_run', workflowRun()],
  ['check_run', checkRun()],
  ['check_suite', checkSuite()],
  ['status', status()],
  ['pull_request', pullRequest('closed')],
  ['push', push()],
  ['issue_comment', comment('/healer retry with words')],
] as const;
const BODIES: readonly (readonly [event: string, body: unknown])[] = [
  ...OURS,
  ...OURS.map(([event, body]) => [event, wrapped(body, event)] as const),
  ...EXAMPLES.filter(({ event }) => event in EVENTS).map(({ event, body }) => [event, body] as const),
];

const EMPTY: Interpretation = { event: null, externalId: null, signals: [], ignored: null, fault: null };
const anyBody = fc.constantFrom(...BODIES);
/** Values that have upset readers of JSON before. */
const poison = fc.oneof(
  fc.constantFrom<unknown>(null, '', [], {}, -1, 0, 1e308, 2 ** 53, true, '\ud800', '\u0000', '__proto__', '../..', [
    [[]],
  ]),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Where in a body something may be put: keys and indexes from the top. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return [[...path], ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((inner, index) => (String(index) === key ? replaced(inner, rest, by) : inner));
  const inner = (value as Record<string, unknown>)[key];
  return { ...(value as object), [key]: replaced(inner, rest, by) };
}

/** Every string in a signal is fit for a database and a log. */
function expectCleanStrings(signal: Signal): void {
  JSON.stringify(signal, (_, value: unknown) => {
    if (typeof value === 'string') {
      expect(value.isWellFormed()).toBe(true);
      expect(value).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      expect(value.length).toBeLessThanOrEqual(8_192);
    }
    return value;
  });
}

describe('normalise', () => {
  const paths = new Map(OURS.map(([event, body]) => [event, pathsOf(body)]));

  it('has one clean answer to our bodies with any field replaced by anything', () => {
    const mutated = fc
      .constantFrom(...OURS)
      .chain(([event, body]) =>
        fc.tuple(fc.constant(event), fc.constant(body), fc.constantFrom(...(paths.get(event) ?? [[]])), poison),
      );
    fc.assert(
      fc.property(mutated, ([event, body, path, value]) => {
        const { signals, ignored, errors } = normalise(event, replaced(body, path, value));
        expect([signals.length > 0, ignored !== null, errors.length > 0].filter(Boolean)).toHaveLength(1);
        for (const signal of signals) expectCleanStrings(signal);
      }),
      { numRuns: 3_000 },
    );
  });
});

/** Bytes changed, removed, doubled or put in at random places. */
const edits = fc.array(
  fc.record({ at: fc.nat(1_000_000), kind: fc.constantFrom('set', 'drop', 'double', 'insert'), byte: fc.nat(255) }),
  { minLength: 1, maxLength: 6 },
);

function mutate(bytes: Uint8Array, changes: readonly { at: number; kind: string; byte: number }[]): Buffer {
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

describe('real bodies with broken bytes', () => {
  it('are signals, a reason or a fault, and quickly', () => {
    let slowest = 0;
    fc.assert(
      fc.property(anyBody, edits, fc.constantFrom(...DOORS), fc.boolean(), ([event, body], changes, door, isNamed) => {
        const bytes = mutate(Buffer.from(JSON.stringify(body)), changes);
        let read = EMPTY;
        slowest = Math.max(
          slowest,
          cpuMs(() => {
            read = interpret({ door, bytes, event: isNamed ? event : null, externalId: null });
          }),
        );
        expect([read.signals.length > 0, read.ignored !== null, read.fault !== null].filter(Boolean)).toHaveLength(1);
        for (const signal of read.signals) expectCleanStrings(signal);
      }),
      { numRuns: 2_000 },
    );
    expect(slowest).toBeLessThan(50);
  });

  it('are answered with 200, 202 or a 400 that says what is wrong, never a 5xx', async () => {
    const { post } = startService();
    await fc.assert(
      fc.asyncProperty(anyBody, edits, fc.constantFrom(...DOORS), async ([event, body], changes, door) => {
        const answer = await post(door.path, mutate(Buffer.from(JSON.stringify(body)), changes), {
          'x-github-event': event,
        });
        expect([200, 202, 400]).toContain(answer.statusCode);
        const document = answer.json();
        if (answer.statusCode === 400) expect(document.errors.length).toBeGreaterThan(0);
        else expect(document.reason.detail).not.toBe('');
      }),
      { numRuns: 400 },
    );
  });

  it('with any headers at all are never a 5xx', async () => {
    const { post } = startService();
    const value = fc.string({ unit: 'grapheme-ascii', maxLength: 60 });
    const headers = fc.record(
      {
        'x-github-event': value,
        'x-github-delivery': value,
        prefer: value,
        authorization: value,
        'content-type': value,
        origin: value,
        'x-hub-signature-256': value,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(headers, fc.constantFrom(...DOORS), async (sent, door) => {
        expect((await post(door.path, workflowJob(), sent)).statusCode).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });
});
