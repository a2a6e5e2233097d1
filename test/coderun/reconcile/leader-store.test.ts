import { describe, expect, it } from 'vitest';
import type { LeaseContent } from '../../../src/coderun/reconcile/leader-decision.ts';
import { storeLease } from '../../../src/coderun/reconcile/leader-store.ts';
import { openStore, type StoreOptions } from '../../../src/store/open.ts';
import { readPauses } from '../../../src/store/pauses.ts';
import { describeOnPostgres, freshDatabase } from '../../support/postgres.ts';

const held = (holder: string | null, renewedAt: number): LeaseContent => ({
  holder,
  durationMs: 15_000,
  acquiredAt: 1,
  renewedAt,
  transitions: 0,
});
const patient = () => new AbortController().signal;

async function inStore(options: StoreOptions): Promise<void> {
  const store = await openStore(options);
  try {
    const lease = storeLease(store, () => 7);
    expect(await lease.read(patient())).toBeNull();
    const first = await lease.write(held('a', 1), null, patient());
    expect(first).toMatchObject({ holder: 'a', renewedAt: 1 });
    // Somebody who saw none either is too late.
    expect(await lease.write(held('b', 1), null, patient())).toBeNull();
    const renewed = await lease.write(held('a', 2), first?.version ?? '', patient());
    expect(renewed?.version).not.toBe(first?.version);
    // Written over what is not there any more.
    expect(await lease.write(held('b', 3), first?.version ?? '', patient())).toBeNull();
    expect(await lease.read(patient())).toEqual(renewed);
    expect(await lease.write(held(null, 4), renewed?.version ?? '', patient())).toMatchObject({ holder: null });
    // It is a switch, and no pause.
    expect(await readPauses(store.db)).toEqual([]);
    await expect(lease.read(AbortSignal.abort())).rejects.toThrow('in time');
  } finally {
    await store.close();
  }
}

describe('the lease in the store', () => {
  it('is written over exactly the version that was read', () => inStore({ kind: 'memory' }));
});

describeOnPostgres('the lease in PostgreSQL', () => {
  it('is written over exactly the version that was read', async () =>
    inStore({ kind: 'postgres', url: await freshDatabase() }));

  it('goes to one of many who ask at once', async () => {
    const store = await openStore({ kind: 'postgres', url: await freshDatabase() });
    try {
      const lease = storeLease(store, () => 7);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => lease.write(held(`replica-${index}`, index), null, patient())),
      );
      expect(answers.filter((answer) => answer !== null).length).toBe(1);
    } finally {
      await store.close();
    }
  });
});
