import type { GitHubOptions, GitHubStandIn } from './options.ts';
import { StandIn } from './stand-in.ts';

export type {
  AddedRun,
  GitHubOptions,
  GitHubStandIn,
  JobInput,
  PullRequestInput,
  RunInput,
  Webhook,
} from './options.ts';
export type { OutageSwitch } from './outage.ts';
export { type Exchange, parseRecords, type RecordedDelivery, type Recorder } from './recorder.ts';
export { createDemoRemote, type DemoRemote } from './remote.ts';
export { DEFAULT_TOKEN } from './stand-in.ts';

/**
 * Starts a stand-in for GitHub on loopback: REST API, Actions and webhooks over one real bare repository, which lies
 * in `dataDir/remote.git` and is made when missing. Started again with the same folder it goes on where it was, also
 * after SIGKILL: new commits get their checks, unfinished checks run again. With `hold`, it only answers until
 * `begin` is called.
 */
export async function startGitHub(options: GitHubOptions): Promise<GitHubStandIn> {
  const standIn = new StandIn(options);
  await standIn.listen();
  if (!options.hold) await standIn.begin();
  return standIn;
}
