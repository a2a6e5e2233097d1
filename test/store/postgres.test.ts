import { expect, it } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { storeContract } from '../contract/store.contract.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';

describeOnPostgres('the store on PostgreSQL', () => {
  storeContract(async () => ({ kind: 'postgres', url: await freshDatabase() }));

  it('is migrated once when several replicas start on an empty database', async () => {
    const url = await freshDatabase();
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore({ kind: 'postgres', url })));
    await Promise.all(stores.map((store) => store.ping()));
    await Promise.all(stores.map((store) => store.close()));
    expect(stores).toHaveLength(4);
  });
});
