import type { AgentName } from '../../model/agent.ts';
import { DEFAULT_AGENT } from '../../model/agent.ts';
import type { Verdict } from '../../model/fact.ts';
import type { FailureType } from '../../model/failure-type.ts';
import { type ReasonCode, reason } from '../../model/reason.ts';
import type { FailedCheck } from '../../model/signal.ts';
import { fileGlob, workflowGlob } from '../route/glob.ts';
import type { ConfigReading } from './reading.ts';
import { CONFIG_PATH, type RepositoryConfig } from './schema.ts';

/** What the configuration is held against. */
export interface ConfigCase {
  readonly branch: string;
  readonly failureType: FailureType;
  /** The owner of the failure, before the configuration had its say. */
  readonly owner: AgentName;
  readonly pinned: AgentName | null;
  /** Every agent there is. */
  readonly agents: readonly AgentName[];
  readonly failedChecks: readonly FailedCheck[];
  /** Null when it is not known; then nothing is concluded from it. */
  readonly changedFiles: readonly string[] | null;
  /** An alert, a finding or a play asks for it: it is not about a workflow or a change. */
  readonly hasCauses: boolean;
}

type Gate = (config: RepositoryConfig, input: ConfigCase) => Verdict | null;

/** The first gate that objects decides. */
const GATES: readonly Gate[] = [enabled, branchWanted, workflowWanted, pathWanted, agentThere, approved];

/**
 * What the repository itself says about going on. One whose configuration cannot be understood is not ignored: a
 * person has to say yes.
 */
export function judgeConfig(reading: ConfigReading, input: ConfigCase): Verdict {
  if (reading.kind === 'absent') return { kind: 'proceed' };
  if (reading.kind !== 'valid') return { kind: 'needs_approval', reason: reason('approval_required', reading.problem) };
  for (const gate of GATES) {
    const verdict = gate(reading.config, input);
    if (verdict !== null) return verdict;
  }
  return { kind: 'proceed' };
}

/** The agents that the repository allows. */
export function allowedAgents(reading: ConfigReading, agents: readonly AgentName[]): readonly AgentName[] {
  if (reading.kind !== 'valid') return agents;
  const { allow, deny } = reading.config.agents;
  return agents.filter((agent) => (allow === null || allow.includes(agent)) && !deny.includes(agent));
}

/** How many attempts a lineage may spend: the installation's number, or the repository's when that is lower. */
export function attemptLimit(setting: number, reading: ConfigReading | null): number {
  return reading?.kind === 'valid' ? Math.min(setting, reading.config.maxAttempts) : setting;
}

/** Names of the checks that the repository does not want repaired. */
export function ignoredChecks(reading: ConfigReading, checks: readonly FailedCheck[]): readonly string[] {
  if (reading.kind !== 'valid') return [];
  const ignored = reading.config.ignore.workflows.map((source) => workflowGlob(source));
  return checks
    .filter(({ workflowName }) => workflowName !== null && ignored.some((glob) => glob.test(workflowName)))
    .map(({ name }) => name);
}

function enabled(config: RepositoryConfig): Verdict | null {
  return config.enabled ? null : stop('opted_out', `${CONFIG_PATH} says enabled: false.`);
}

function branchWanted({ ignore }: RepositoryConfig, { branch }: ConfigCase): Verdict | null {
  // With a slash in front, a pattern is about the whole name.
  const hit = ignore.branches.find((source) => fileGlob(`/${source}`).test(`/${branch}`));
  return hit === undefined ? null : stop('opted_out', `${CONFIG_PATH} ignores the branches ${hit}.`);
}

function workflowWanted(config: RepositoryConfig, { failedChecks, hasCauses }: ConfigCase): Verdict | null {
  if (failedChecks.length === 0 || hasCauses) return null;
  const ignored = ignoredChecks({ kind: 'valid', config }, failedChecks);
  if (ignored.length < failedChecks.length) return null;
  return stop('opted_out', `${CONFIG_PATH} ignores the workflows of everything that is red.`);
}

function pathWanted({ ignore }: RepositoryConfig, { changedFiles, hasCauses }: ConfigCase): Verdict | null {
  if (changedFiles === null || changedFiles.length === 0 || hasCauses) return null;
  const ignored = ignore.paths.map((source) => fileGlob(source));
  const isIgnored = (path: string): boolean => ignored.some((glob) => glob.test(path));
  return changedFiles.every(isIgnored) ? stop('opted_out', `${CONFIG_PATH} ignores every file of the change.`) : null;
}

/** The owner's work goes to the default agent when the owner is not allowed; to nobody when that one is not, either. */
function agentThere(config: RepositoryConfig, { agents, owner, pinned }: ConfigCase): Verdict | null {
  const allowed = allowedAgents({ kind: 'valid', config }, agents);
  if ([owner, DEFAULT_AGENT, pinned].some((agent) => agent !== null && allowed.includes(agent))) return null;
  return stop('agent_not_allowed', `${CONFIG_PATH} allows neither ${owner} nor ${DEFAULT_AGENT}.`);
}

function approved({ approval }: RepositoryConfig, { failureType }: ConfigCase): Verdict | null {
  if (approval === 'never' || (approval !== 'always' && !approval.includes(failureType))) return null;
  const why = approval === 'always' ? 'for every repair' : `for ${failureType}`;
  return { kind: 'needs_approval', reason: reason('approval_required', `${CONFIG_PATH} asks for approval ${why}.`) };
}

function stop(code: ReasonCode, detail: string): Verdict {
  return { kind: 'stop', phase: 'cancelled', reason: reason(code, detail) };
}
