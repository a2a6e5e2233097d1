// A stand-in in a process of its own, so that a test can kill it. Arguments: data folder, address for webhooks.
import { createDemoRemote, startGitHub } from '../../src/cli/demo/github/index.ts';

const [dataDir = '', url = ''] = process.argv.slice(2);
const remote = await createDemoRemote(dataDir);
await startGitHub({
  dataDir,
  remote,
  webhook: { url, secret: 'a secret of the tests' },
  pullRequests: [remote.pullRequest],
  log: (line) => process.stdout.write(`${line}\n`),
});
