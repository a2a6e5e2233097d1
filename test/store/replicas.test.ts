import { expect, it } from 'vitest';
import { createGroupCommit } from '../../src/store/group-commit.ts';
import { replaceSwitch } from '../../src/store/leases.ts';
import { openStore } from '../../src/store/open.ts';
import { insertRemediation, takeDueRemediations } from '../../src/store/remediations.ts';
import { aRemediation } from '../support/builders.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';

describeOnPostgres('two replicas on one database', () => {
  it('take timers that rang without waiting for one another, and none of them twice', async () => {
    const url = await freshDatabase();
    const [one, other] = [await openStore({ kind: 'postgres', url }), await openStore({ kind: 'postgres', url })];
    try {
      await one.transaction(async (tx) => {
        for (let nth = 1; nth <= 4; nth += 1)
          await insertRemediation(
            tx,
            aRemediation({ id: `r${nth}`, taskId: `ci-${nth}`, subjectKey: `s${nth}`, wakeAt: nth }),
          );
      });
      await one.transaction(async (tx) => {
        const mine = await takeDueRemediations(tx, 'postgres', 10, 2);
        expect(mine).toEqual(['r1', 'r2']);
        const theirs = await other.transaction((second) => takeDueRemediations(second, 'postgres', 10, 10));
        expect(theirs).toEqual(['r3', 'r4']);
      });
      const all = await other.transaction((tx) => takeDueRemediations(tx, 'postgres', 10, 10));
      expect(all.length).toBe(4);
    } finally {
      await one.close();
      await other.close();
    }
  });

  it('keep batches of the same things in any order without one losing to another', async () => {
    const url = await freshDatabase();
    const stores = await Promise.all(Array.from({ length: 3 }, () => openStore({ kind: 'postgres', url })));
    try {
      let applied = 0;
      let written = 0;
      const things = Array.from({ length: 40 }, (_, nth) => `thing ${nth}`);
      const commits = stores.map((store) =>
        createGroupCommit(
          store,
          async (tx, thing: string) => {
            applied += 1;
            if (await replaceSwitch(tx, thing, null, 'on', 'test', 1)) written += 1;
          },
          { maxBatch: 10, maxWaiting: 100, keysOf: (thing) => [thing] },
        ),
      );
      await Promise.all(
        commits.flatMap((commit, replica) => {
          const order = replica === 1 ? things.toReversed() : things;
          return order.map((thing) => commit.submit(thing));
        }),
      );
      // One that lost a race, or was ended as a deadlock, would have been applied again.
      expect(applied).toBe(3 * things.length);
      expect(written).toBe(things.length);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
    }
  });
});
