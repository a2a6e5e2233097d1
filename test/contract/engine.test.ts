import { draft, scripted } from '../coderun/support/drafts.ts';
import { FakeEngine } from '../coderun/support/fake-engine.ts';
import { openBench } from '../coderun/support/local.ts';
import { codeRunsContract, type EngineBench, runsContract } from './engine-suite.ts';

async function localBench(): Promise<EngineBench> {
  const { engine, remote, close } = await openBench();
  return { engine, close, draft: (script, change) => scripted(script, { repositoryUrl: remote.url, ...change }) };
}

codeRunsContract('local', localBench);
runsContract('local', localBench);

// The one that other tests rely on; it runs nothing.
codeRunsContract('test', async () => ({
  engine: new FakeEngine(),
  close: async () => {},
  draft: (_script, change) => draft(change),
}));
