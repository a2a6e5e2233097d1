import { afterAll, beforeAll } from 'vitest';
import { openStore, type Store } from '../../src/store/open.ts';
import { draft, scripted } from '../coderun/support/drafts.ts';
import { FakeEngine } from '../coderun/support/fake-engine.ts';
import { openBench } from '../coderun/support/local.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';
import { codeRunsContract, type EngineBench, runsContract } from './engine-suite.ts';

async function localBench(store?: Store): Promise<EngineBench> {
  const { engine, remote, close } = await openBench(store === undefined ? {} : { store });
  return { engine, close, draft: (script, change) => scripted(script, { repositoryUrl: remote.url, ...change }) };
}

codeRunsContract('local', () => localBench());
runsContract('local', () => localBench());

describeOnPostgres('with its CodeRuns in PostgreSQL', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore({ kind: 'postgres', url: await freshDatabase() });
  });
  afterAll(() => store?.close());
  codeRunsContract('local', async () => {
    await store.db.deleteFrom('coderuns').execute();
    return localBench(store);
  });
});

// The one that other tests rely on; it runs nothing.
codeRunsContract('test', async () => ({
  engine: new FakeEngine(),
  close: async () => {},
  draft: (_script, change) => draft(change),
}));
