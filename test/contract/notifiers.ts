import { describe, expect, it, onTestFinished } from 'vitest';
import { PermanentError, RetryableError } from '../../src/lib/errors.ts';
import type { Notifier, Reference } from '../../src/report/notifiers/index.ts';

/** A notifier with its medium beside it. */
export interface NotifierBench<T> {
  readonly notifier: Notifier<T>;
  /** What is told, as it goes on: each number is another state of the same thing. */
  state(n: number): T;
  /** Told with words that would ping, link, format or break out. */
  hostile(): T;
  /** Longer than the medium takes. */
  long(): T;
  /** What stands in the medium now, a text for each message. */
  said(): readonly string[];
  /** Writes that reached the medium, well or not. */
  writes(): number;
  /** Every write fails from now on: for a while, because of a limit that is over in 60 s, or for good. */
  fail(how: 'passing' | 'limited' | 'forever'): void;
  heal(): void;
  /** Somebody deletes what was said; null where nobody can. */
  readonly remove: (() => void) | null;
  /** Parts of the address that must not be told. */
  readonly secrets: readonly string[];
  /** The medium has no way to say when its limit is over. */
  readonly saysNoWait?: boolean;
  /** Every state is a message of its own, although it is one thing to the reader. */
  readonly isStream?: boolean;
  /** Why the medium would do something with the words of `hostile`; empty when it shows them. */
  harm(text: string): readonly string[];
  close(): Promise<void>;
}

/** What every notifier has to keep; `start` gives a fresh one with a fresh medium. */
export function notifierContract<T>(name: string, start: () => Promise<NotifierBench<T>>): void {
  const bench = async (): Promise<NotifierBench<T>> => {
    const made = await start();
    onTestFinished(() => made.close());
    return made;
  };
  const tell = (one: NotifierBench<T>, told: T, before: Reference | null = null) =>
    one.notifier.tell(told, before, AbortSignal.timeout(15_000));

  describe(`the notifier ${name}`, () => {
    it('bears the name of its folder', async () => {
      expect((await bench()).notifier.name).toBe(name);
    });

    it('says it once, and nothing more while nothing has changed', async () => {
      const one = await bench();
      const first = await tell(one, one.state(1));
      expect(first.action).toBe('sent');
      expect(one.said()).toHaveLength(1);
      const writes = one.writes();
      const again = await tell(one, one.state(1), first.reference);
      expect(again.action).toBe('unchanged');
      expect(one.writes()).toBe(writes);
    });

    it('changes what it said where it can, and says it once more where it cannot', async () => {
      const one = await bench();
      const first = await tell(one, one.state(1));
      const before = one.said();
      const second = await tell(one, one.state(2), first.reference);
      const isOne = one.notifier.edits && one.isStream !== true;
      expect(second.action).toBe(one.notifier.edits ? 'edited' : 'sent');
      expect(one.said()).toHaveLength(isOne ? 1 : 2);
      expect(one.said().at(-1)).not.toEqual(before[0]);
      await tell(one, one.state(3), second.reference);
      expect(one.said()).toHaveLength(isOne ? 1 : 3);
    });

    it('keeps a reference that survives the store', async () => {
      const one = await bench();
      const { reference } = await tell(one, one.state(1));
      expect(JSON.parse(JSON.stringify(reference))).toEqual(reference);
    });

    it('says it anew when somebody deleted it', async () => {
      const one = await bench();
      if (one.remove === null) return;
      const first = await tell(one, one.state(1));
      one.remove();
      const second = await tell(one, one.state(2), first.reference);
      expect(second.action).toBe('sent');
      expect(one.said()).toHaveLength(1);
    });

    it.each(['passing', 'limited', 'forever'] as const)(
      'says of a failure that is %s whether to try again',
      async (how) => {
        const one = await bench();
        one.fail(how);
        const error: unknown = await tell(one, one.state(1)).then(
          () => null,
          (thrown: unknown) => thrown,
        );
        if (how === 'forever') expect(error).toBeInstanceOf(PermanentError);
        else expect(error).toBeInstanceOf(RetryableError);
        if (how === 'limited' && one.saysNoWait !== true) {
          const { retryAfterMs } = error as RetryableError;
          expect(retryAfterMs).toBeGreaterThan(55_000);
          expect(retryAfterMs).toBeLessThanOrEqual(60_000);
        }
        for (const secret of one.secrets) expect(String((error as Error).message)).not.toContain(secret);
        one.heal();
        expect((await tell(one, one.state(1))).action).toBe('sent');
        expect(one.said()).toHaveLength(1);
      },
    );

    it('shows words from outside and does nothing else with them', async () => {
      const one = await bench();
      await tell(one, one.hostile());
      const [text = ''] = one.said();
      expect(text.length).toBeGreaterThan(0);
      expect(one.harm(text)).toEqual([]);
    });

    it('is taken however much there is to say', async () => {
      const one = await bench();
      expect((await tell(one, one.long())).action).toBe('sent');
      expect(one.said()).toHaveLength(1);
    });

    it('ends when it is told to', async () => {
      const one = await bench();
      await expect(one.notifier.tell(one.state(1), null, AbortSignal.abort())).rejects.toThrow();
      expect(one.said()).toEqual([]);
    });
  });
}
