import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/model/delivery.ts';
import type { Inbox } from '../../src/store/inbox.ts';
import { aKept, copied, opened, takeAll, turn } from './support/inbox.ts';
import { type Failure, StandInDisk } from './support/stand-in-disk.ts';

type Step =
  | { readonly do: 'put'; readonly sizes: readonly number[]; readonly turns: number | null }
  | { readonly do: 'take'; readonly limit: number; readonly isDone: boolean }
  | { readonly do: 'fail'; readonly how: Failure | null; readonly cannotCut: boolean }
  | { readonly do: 'crash' | 'close' }
  | { readonly do: 'power failure'; readonly share: number; readonly zeros: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      sizes: fc.array(fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 5_000 })), { minLength: 1, maxLength: 6 }),
      // So many turns are waited for, so that what follows falls into the middle of the writing; null: until it is over.
      turns: fc.option(fc.nat({ max: 5 })),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      limit: fc.integer({ min: 1, max: 5 }),
      isDone: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      how: fc.option(fc.constantFrom<Failure>('write', 'short write', 'sync')),
      cannotCut: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constantFrom('crash' as const, 'close' as const) }),
  fc.record({
    do: fc.constant('power failure' as const),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    zeros: fc.boolean(),
  }),
);

/** The inbox beside what has to be true of it. */
class Trial {
  readonly disk = new StandInDisk();
  readonly put = new Map<string, Delivery>();
  /** Acknowledged and not done, in the order of acknowledgement. */
  readonly owed = new Set<string>();
  readonly told: string[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private inbox!: Inbox;
  private count = 0;

  async open(): Promise<void> {
    const { inbox } = await opened({
      files: this.disk.attach(),
      fileBytes: 4_000,
      onError: (message) => void this.told.push(message),
    });
    this.inbox = inbox;
  }

  async run(one: Step): Promise<void> {
    if (one.do === 'put') return this.putIn(one.sizes, one.turns);
    if (one.do === 'take') return this.takeOut(one.limit, one.isDone);
    if (one.do === 'fail') {
      this.disk.failure = one.how;
      this.disk.cannotCut = one.cannotCut;
      return;
    }
    if (one.do === 'close') await this.inbox.close();
    if (one.do === 'power failure') this.disk.powerFailure(one.share, one.zeros);
    await this.open();
    await Promise.all(this.underWay);
  }

  private async putIn(sizes: readonly number[], turns: number | null): Promise<void> {
    for (const size of sizes) {
      const delivery = aKept(++this.count, size);
      this.put.set(delivery.id, delivery);
      const settled = this.inbox.put(delivery).then(
        () => void this.owed.add(delivery.id),
        () => {},
      );
      this.underWay.add(settled);
      void settled.then(() => this.underWay.delete(settled));
    }
    if (turns === null) await Promise.all(this.underWay);
    for (let waited = 0; waited < (turns ?? 0); waited += 1) await turn();
  }

  private async takeOut(limit: number, isDone: boolean): Promise<void> {
    if (this.inbox.waiting().bytes === 0) return;
    const stop = new AbortController();
    let isTaken = false;
    const taking = this.inbox.take(limit, stop.signal).finally(() => {
      isTaken = true;
    });
    while (!isTaken) {
      if (this.inbox.waiting().bytes === 0) stop.abort();
      await turn();
    }
    const { deliveries, done } = await taking;
    expect(deliveries.length).toBeLessThanOrEqual(limit);
    this.expectOurs(copied(deliveries));
    if (!isDone) return;
    const ids = deliveries.map(({ id }) => id);
    await done();
    for (const id of ids) this.owed.delete(id);
  }

  /** Nothing comes out that was never put in, and nothing is changed by it. */
  private expectOurs(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) expect(delivery).toEqual(this.put.get(delivery.id));
  }

  /** What is owed comes out of a process that never knew of it, in its order; and after it was done nothing is left. */
  async settle(): Promise<void> {
    await Promise.all(this.underWay);
    this.disk.failure = null;
    this.disk.cannotCut = false;
    await this.open();
    const all = await takeAll(this.inbox, 3);
    this.expectOurs(all);
    const ids = all.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => this.owed.has(id))).toEqual([...this.owed]);
    await this.inbox.close();
    expect(this.disk.files.size).toBe(0);
    expect(this.disk.open).toBe(0);
    await this.open();
    expect(this.inbox.waiting()).toEqual({ bytes: 0, oldest: null });
  }
}

describe('whatever happens to process, disk and power', () => {
  it('every delivery that was acknowledged and is not done comes out, in order and byte for byte', async () => {
    let owed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const trial = new Trial();
        await trial.open();
        for (const one of steps) await trial.run(one);
        owed += trial.owed.size;
        await trial.settle();
      }),
      { numRuns: 400 },
    );
    // It proves nothing when nothing was ever left behind.
    expect(owed).toBeGreaterThan(400);
  });
});
