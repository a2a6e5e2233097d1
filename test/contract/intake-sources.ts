import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventSource, NormaliseResult } from '../../src/intake/sources/source.ts';
import { REASONS } from '../../src/model/reason.ts';

/** One body of each event a source has a use for. */
export interface SourceExample {
  readonly event: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Only the door tells it from another event of the source. */
  readonly isNamedByDoor?: boolean;
}

/** The folders beside the registry. */
export function folders(): string[] {
  const root = resolve(import.meta.dirname, '../../src/intake/sources');
  const entries = readdirSync(root, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Signals, a reason or errors: exactly one of the three. */
function expectOneAnswer({ signals, ignored, errors }: NormaliseResult): void {
  expect([signals.length > 0, ignored !== null, errors.length > 0].filter(Boolean)).toHaveLength(1);
  if (ignored !== null) expect(Object.keys(REASONS)).toContain(ignored.code);
}

/** What every source of events keeps to. */
export function sourceContract(source: EventSource, examples: readonly SourceExample[]): void {
  describe(`the source ${source.name}`, () => {
    it('has an example of every event it has a use for', () => {
      expect(source.events.filter((event) => !examples.some((one) => one.event === event))).toEqual([]);
      expect(new Set(source.events).size).toBe(source.events.length);
    });

    it('tells each of its events by the body alone', () => {
      for (const { event, body } of examples.filter((one) => source.events.includes(one.event) && !one.isNamedByDoor))
        expect(source.detect(body)).toBe(event);
      for (const { body } of examples.filter((one) => one.isNamedByDoor)) expect(source.recognises(body)).toBe(true);
    });

    it('answers each example with signals or a reason, the same each time, and leaves it as it was', () => {
      for (const { event, body } of examples) {
        const before = JSON.stringify(body);
        const first = source.normalise(event, body, { appId: 1 });
        expectOneAnswer(first);
        expect(first.errors).toEqual([]);
        expect(source.normalise(event, body, { appId: 1 })).toEqual(first);
        expect(JSON.stringify(body)).toBe(before);
      }
    });

    it('says of an event it does not know that it is unknown', () => {
      for (const event of ['no_such_event', 'constructor', '__proto__', ''])
        expect(source.normalise(event, {}, { appId: null }).ignored?.code).toBe('unknown_event');
    });

    it('has one answer to any JSON at all', () => {
      fc.assert(
        fc.property(fc.constantFrom(...source.events, 'other'), fc.jsonValue(), (event, body) => {
          expectOneAnswer(source.normalise(event, body, { appId: null }));
        }),
        { numRuns: 300 },
      );
    });

    it('has errors for every event whose body is empty, except for those that need none', () => {
      for (const event of source.events) {
        const { errors, ignored } = source.normalise(event, {}, { appId: null });
        expect(errors.length > 0 || ignored !== null).toBe(true);
      }
    });
  });
}
