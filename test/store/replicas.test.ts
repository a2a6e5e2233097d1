import { expect, it } from 'vitest';
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
});
