import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DOORS } from '../../src/intake/doors.ts';
import { type Interpretation, interpret, interpretDelivery } from '../../src/intake/interpret.ts';
import { scrub } from '../../src/intake/scrub.ts';
import { SOURCES } from '../../src/intake/sources/index.ts';
import { NOBODY } from '../../src/intake/sources/source.ts';
import type { Signal } from '../../src/model/signal.ts';
import { LEAK } from './support/alerts.ts';
import { workflowJob } from './support/bodies.ts';
import { cpuMs } from './support/cpu.ts';
import { brokenShots, OURS, patchedShots, pathsOf, poison, replaced, shapedShots } from './support/fuzz.ts';
import { startService } from './support/service.ts';

const EMPTY: Interpretation = { event: null, externalId: null, signals: [], ignored: null, fault: null };
/** Of processor time, for one body. */
const LIMIT_MS = 50;
/** The longest text in a signal is the end of a play's logs. */
const LONGEST = 131_072;

/** Every string in a signal is fit for a database and a log, names and values alike. */
function expectCleanStrings(signal: Signal): void {
  const seen = (text: string) => {
    expect(text.isWellFormed()).toBe(true);
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    expect(text.length).toBeLessThanOrEqual(LONGEST);
  };
  JSON.stringify(signal, (key, value: unknown) => {
    seen(key);
    if (typeof value === 'string') seen(value);
    return value;
  });
}

describe('normalise', () => {
  const fields = OURS.map((seed) => ({ seed, paths: pathsOf(seed.body) }));

  it('has one clean answer to our bodies with any field replaced by anything', () => {
    const mutated = fc
      .constantFrom(...fields)
      .chain(({ seed, paths }) => fc.tuple(fc.constant(seed), fc.constantFrom(...paths), poison));
    fc.assert(
      fc.property(mutated, ([{ source, event, body }, path, value]) => {
        const { signals, ignored, errors } = SOURCES[source].normalise(event, replaced(body, path, value), NOBODY);
        expect([signals.length > 0, ignored !== null, errors.length > 0].filter(Boolean)).toHaveLength(1);
        for (const signal of signals) expectCleanStrings(signal);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe.each([
  ['bodies of a known shape with values on the edge', shapedShots, 1_000],
  ['real bodies with a part replaced', patchedShots, 500],
  ['real bodies with broken bytes', brokenShots, 1_000],
])('%s', (_, shots, numRuns) => {
  it('are signals, a reason or a fault, quickly, and the same when they are read again from the store', () => {
    let slowest = 0;
    fc.assert(
      fc.property(shots, ({ door, event, bytes }) => {
        let read = EMPTY;
        let kept: Uint8Array = bytes;
        slowest = Math.max(
          slowest,
          cpuMs(() => {
            kept = scrub(bytes);
            read = interpret({ door, bytes: kept, event, externalId: null });
          }, LIMIT_MS),
        );
        expect([read.signals.length > 0, read.ignored !== null, read.fault !== null].filter(Boolean)).toHaveLength(1);
        for (const signal of read.signals) expectCleanStrings(signal);
        expect(interpretDelivery({ ...read, origin: door.origin, body: kept })).toEqual(read);
      }),
      { numRuns },
    );
    expect(slowest).toBeLessThan(LIMIT_MS);
  });

  it('are answered with 200, 202 or a 400 that says what is wrong, never a 5xx', async () => {
    const { post } = startService();
    await fc.assert(
      fc.asyncProperty(shots, async ({ door, event, bytes }) => {
        const answer = await post(door.path, bytes, event === null ? {} : { 'x-github-event': event });
        expect([200, 202, 400]).toContain(answer.statusCode);
        const document = answer.json();
        if (answer.statusCode === 400) expect(document.errors.length).toBeGreaterThan(0);
        else expect(document.reason.detail).not.toBe('');
      }),
      { numRuns: 200 },
    );
  });
});

describe('an alert about a leaked secret, whatever else is in it', () => {
  const seed = OURS.find(({ event }) => event === 'secret_scanning_alert');

  it('is kept without the value', () => {
    const anywhere = fc.tuple(
      fc.constantFrom(...pathsOf(seed?.body)),
      fc.constantFrom(LEAK, [LEAK], { x: `a ${LEAK}` }),
    );
    fc.assert(
      fc.property(anywhere, ([path, value]) => {
        // What names repository and action is left as it is; GitHub does not put secrets there.
        fc.pre(!['action', 'full_name', 'default_branch', 'login', 'secret_type'].includes(path.at(-1) ?? ''));
        fc.pre(path.length > 1 && path.join('.') !== 'alert.secret');
        const kept = Buffer.from(scrub(Buffer.from(JSON.stringify(replaced(seed?.body, path, value)))));
        expect(kept.includes(LEAK)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a good body', () => {
  it('with any headers at all is never a 5xx', async () => {
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
