import { FAILURE_TYPES, type FailureType } from '../model/failure-type.ts';
import type { Remediation } from '../model/remediation.ts';

/**
 * Whether it is about one branch: then its commit and its pull request are part of the matter, and say whether somebody
 * wants no agent there.
 */
export function concernsBranch({ kind }: Remediation): boolean {
  return kind === 'ci' || kind === 'review' || kind === 'play';
}

/** Names of workflows and checks that put something where it runs, or try it there. */
const DEPLOYING =
  /(?:^|[^a-z])(?:deploy\w*|release\w*|promot\w*|rollout|canary|argo-?cd|argo|git-?ops|sync|infra\w*|helm|k8s|kube\w*|terraform|e2e|smoke|staging|production|prod)(?:[^a-z]|$)/i;

/** What a tool says of the text of the code alone; also where the workflow that runs it is called a release. */
const OF_THE_TEXT: ReadonlySet<FailureType> = new Set([
  'rust_clippy',
  'rust_fmt',
  'frontend_lint',
  'frontend_types',
  'yaml_syntax',
]);

/**
 * Whether what runs on the platform may know something: for platform alerts and plays always; for red builds when they
 * are about infrastructure, a release or a deployment. A lint finding or a failing unit test is explained by its log.
 */
export function concernsPlatform(remediation: Remediation): boolean {
  const { kind, failureType, workflowName, failedChecks } = remediation;
  if (kind === 'alert' || kind === 'play') return true;
  if (kind !== 'ci') return false;
  if (failureType !== null) {
    if (OF_THE_TEXT.has(failureType)) return false;
    if (failureType === 'release' || FAILURE_TYPES[failureType].category === 'infrastructure') return true;
  }
  const names = [workflowName, ...failedChecks.flatMap((check) => [check.name, check.workflowName])];
  return names.some((name) => name !== null && DEPLOYING.test(name));
}
