/** A process of its own that keeps deliveries and says each one's id when it was answered, until it is killed. */
import { writeSync } from 'node:fs';
import { insertDelivery } from '../../src/store/deliveries.ts';
import { createGroupCommit } from '../../src/store/group-commit.ts';
import { openStore } from '../../src/store/open.ts';
import { aDelivery, aDisposition } from '../support/builders.ts';

const store = await openStore({ kind: 'sqlite', dir: process.argv[2] ?? '' });
const commits = createGroupCommit(
  store,
  (tx, n: number) => insertDelivery(tx, aDelivery(n), aDisposition(), Date.now()),
  { maxBatch: 16, maxWaiting: 1_000 },
);

async function sender(first: number): Promise<void> {
  for (let n = first; ; n += 40) {
    await commits.submit(n);
    writeSync(1, `${aDelivery(n).id}\n`);
  }
}

await Promise.all(Array.from({ length: 40 }, (_, first) => sender(first)));
