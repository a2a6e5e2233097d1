import type { GitHub } from '../../lib/github/client.ts';
import { jobLogDownloader, type Sleep } from '../../lib/github/job-log.ts';
import type { ContextSource } from '../source.ts';
import { annotations } from './annotations/index.ts';
import { changedFiles } from './changed-files/index.ts';
import { checks } from './checks/index.ts';
import { githubLogs } from './github-logs/index.ts';
import { headCommit } from './head-commit/index.ts';
import { pullRequest } from './pull-request/index.ts';

/** What the sources need of the world. */
export interface SourceDeps {
  readonly github: GitHub;
  /** How the wait for a log that is not there yet is spent; tests do not wait. */
  readonly sleep?: Sleep;
}

/** Every source of context: one line a folder, in the order in which a brief shows them. */
export function createSources({ github, sleep }: SourceDeps): readonly ContextSource[] {
  return [
    githubLogs(github, jobLogDownloader(github, sleep)),
    annotations(github),
    checks(github),
    changedFiles(github),
    headCommit(github),
    pullRequest(github),
  ];
}
