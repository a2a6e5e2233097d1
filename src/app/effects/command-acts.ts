import { isVerb, type Role, refusal, unknownVerb, type Verb } from '../../decide/admit/command.ts';
import { allowedAgents } from '../../decide/repository-config/apply.ts';
import { asReading } from '../../decide/repository-config/reading.ts';
import type { Clock } from '../../lib/clock.ts';
import { pullRef } from '../../lib/github/pull-ref.ts';
import type { AgentName } from '../../model/agent.ts';
import type { PersonCommanded } from '../../model/fact.ts';
import { reason } from '../../model/reason.ts';
import type { Guidance, Remediation } from '../../model/remediation.ts';
import type { CommandSignal, FailedCheck } from '../../model/signal.ts';
import type { Machine, Step } from '../../remediate/machine.ts';
import { latestBrief } from '../../store/briefs.ts';
import { closeLineage } from '../../store/lineages.ts';
import type { Tx } from '../../store/open.ts';
import { setPaused } from '../../store/pauses.ts';
import { findLastEndedOnBranch, findLiveOnBranch } from '../../store/remediation-places.ts';
import { listRemediations } from '../../store/remediations.ts';
import { findRepositoryConfig } from '../../store/repository-configs.ts';
import { readTimeline } from '../../store/timeline.ts';
import { reopen } from '../commands.ts';
import { branchSubject } from '../decide/known-facts.ts';
import { openRemediation } from '../decide/open.ts';
import type { PullPlace } from './command-port.ts';
import { explainText, helpText, statusText } from './command-text.ts';

/** How a command went; `text` is the comment that answers it, null when the reaction says enough. */
export interface CommandOutcome {
  readonly kind: 'done' | 'refused';
  readonly text: string | null;
}

/** What is known before the command is acted on: everything that GitHub had to be asked. */
export interface CommandCase {
  readonly signal: CommandSignal;
  readonly role: Role;
  /** Null on an issue. */
  readonly pull: PullPlace | null;
  /** How the head's checks stand; null unless the command is `fix`. */
  readonly checks: { readonly red: readonly FailedCheck[]; readonly pending: number } | null;
}

export interface ActDeps {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly agents: readonly AgentName[];
  readonly maxAttempts: number;
}

interface Acting extends CommandCase {
  readonly deps: ActDeps;
  /** To be published after the commit. */
  readonly steps: Step[];
  /** The branch that the pull request is about; null on an issue. */
  readonly branch: string | null;
  readonly live: Remediation | null;
  readonly last: Remediation | null;
}

type Act = (tx: Tx, acting: Acting) => Promise<CommandOutcome>;

const done = (text: string | null = null): CommandOutcome => ({ kind: 'done', text });
const refused = (text: string): CommandOutcome => ({ kind: 'refused', text });

/** What each command does once it is known that it may: all of it in the caller's transaction. */
const ACTS: Readonly<Record<Verb, Act>> = {
  fix,
  retry,
  cancel: (tx, acting) => tellLive(tx, acting, 'cancel', () => ({ verb: 'cancel' })),
  approve: (tx, acting) => tellLive(tx, acting, 'approve', () => ({ verb: 'approve' })),
  route,
  status,
  explain,
  pause: (tx, acting) => turn(tx, acting, true),
  resume: (tx, acting) => turn(tx, acting, false),
  help: async () => done(helpText()),
};

/** Acts on a command, or says why not. Steps to publish after the commit are added to `steps`. */
export async function actOnCommand(tx: Tx, input: CommandCase, deps: ActDeps, steps: Step[]): Promise<CommandOutcome> {
  const { signal, role, pull } = input;
  const why = refusal(signal.verb, role, signal.repository);
  if (why !== null) return refused(why);
  if (!isVerb(signal.verb)) return refused(unknownVerb(signal.verb));
  // A fork's branch may be called like one of ours; GitHub's own name for it cannot.
  const branch = pull === null ? null : pull.fromFork ? pullRef(pull.number) : pull.headRef;
  const live = branch === null ? null : await findLiveOnBranch(tx, signal.repository, branch);
  const last = branch === null ? null : await findLastEndedOnBranch(tx, signal.repository, branch);
  return ACTS[signal.verb](tx, { ...input, deps, steps, branch, live, last });
}

async function tell(tx: Tx, { deps, steps, signal }: Acting, id: string, said: Said): Promise<void> {
  const fact = { kind: 'person_commanded', by: signal.actor.login, ...said } as PersonCommanded;
  const step = await deps.machine.applyIn(tx, id, fact);
  if (step !== null) steps.push(step);
}

type Said =
  | { readonly verb: 'cancel' | 'approve' }
  | { readonly verb: 'retry'; readonly guidance: Guidance | null }
  | { readonly verb: 'route'; readonly agent: AgentName };

async function tellLive(tx: Tx, acting: Acting, verb: Verb, said: () => Said): Promise<CommandOutcome> {
  const { live, last, pull } = acting;
  if (pull === null) return refused(`\`/healer ${verb}\` works on pull requests.`);
  if (live === null) return refused(nothingUnderWay(last));
  await tell(tx, acting, live.id, said());
  return done();
}

function nothingUnderWay(last: Remediation | null): string {
  if (last === null) return 'Nothing is under way here.';
  return `Nothing is under way here; \`${last.taskId}\` ended as ${last.phase}. \`/healer retry\` starts anew.`;
}

async function route(tx: Tx, acting: Acting): Promise<CommandOutcome> {
  const { deps, signal } = acting;
  const agent = signal.argument.trim().toLowerCase();
  const reading = asReading(await findRepositoryConfig(tx, signal.repository));
  const allowed = allowedAgents(reading ?? { kind: 'absent' }, deps.agents);
  const choice = allowed.map((name) => `\`${name}\``).join(', ');
  if (!deps.agents.includes(agent)) return refused(`There is no such agent. Choose one of ${choice}.`);
  if (!allowed.includes(agent)) return refused(`This repository does not allow \`${agent}\`. Choose one of ${choice}.`);
  return tellLive(tx, acting, 'route', () => ({ verb: 'route', agent }));
}

async function retry(tx: Tx, acting: Acting): Promise<CommandOutcome> {
  const { live, last, pull, deps, steps, signal } = acting;
  if (live !== null || pull === null) {
    return tellLive(tx, acting, 'retry', () => ({ verb: 'retry', guidance: guidanceOf(signal) }));
  }
  if (last === null) return refused('Healer has not been at work here. `/healer fix` asks for it.');
  if (!pull.isOpen) return refused('The pull request is closed.');
  const by = signal.actor.login;
  const command = { kind: 'person_commanded', verb: 'retry', by, guidance: guidanceOf(signal) } as const;
  const step = await reopen(tx, last, command, deps);
  if (step === null) return refused('Another repair of the same thing is under way.');
  steps.push(step);
  return done();
}

async function fix(tx: Tx, acting: Acting): Promise<CommandOutcome> {
  const { live, pull, checks, signal } = acting;
  if (pull === null || checks === null) return refused('`/healer fix` works on pull requests.');
  if (!pull.isOpen) return refused('The pull request is closed.');
  if (live !== null) return fixLive(tx, acting, live);
  const short = `\`${pull.headSha.slice(0, 8)}\``;
  if (checks.red.length === 0) {
    return refused(
      checks.pending > 0
        ? `Nothing is red on ${short} yet; ${checks.pending} checks have not ended.`
        : `Nothing is red on ${short}.`,
    );
  }
  const { deps, steps, branch } = acting;
  const repository = signal.repository;
  const subjectKey = branchSubject(repository, branch ?? pull.headRef);
  const by = signal.actor.login;
  // A person asks: what was spent before is no reason any more.
  await closeLineage(tx, subjectKey, by, deps.clock());
  const runId = checks.red.find((check) => check.runId !== null)?.runId ?? null;
  await openRemediation(
    tx,
    {
      kind: 'ci',
      taskStem: runId === null ? `ci-${pull.headSha.slice(0, 12)}` : `ci-${runId}`,
      message: `${by} asked for a repair of pull request #${pull.number}.`,
      repository,
      defaultBranch: signal.defaultBranch,
      branch: branch ?? pull.headRef,
      subjectKey,
      headSha: pull.headSha,
      runId,
      workflowName: checks.red[0]?.workflowName ?? null,
      url: checks.red.find((check) => check.url !== null)?.url ?? signal.url,
      failedChecks: checks.red,
      fromFork: pull.fromFork,
      // What cannot be pushed to the pull request's own branch gets one of its own.
      pullRequest: pull.fromFork || pull.headRef === signal.defaultBranch ? null : pull.number,
      guidance: guidanceOf(signal),
      approvedBy: by,
      reason: reason('new_failure', `${by} asked for it.`),
    },
    { ...deps, steps },
    { continues: null, ifLive: { kind: 'failure_joined', checks: checks.red, runId, headSha: pull.headSha } },
  );
  return done();
}

/** `fix` of what is being fixed: words are guidance, and whoever may ask may approve. */
async function fixLive(tx: Tx, acting: Acting, live: Remediation): Promise<CommandOutcome> {
  const guidance = guidanceOf(acting.signal);
  if (guidance !== null) await tell(tx, acting, live.id, { verb: 'retry', guidance });
  if (live.phase === 'awaiting_approval') await tell(tx, acting, live.id, { verb: 'approve' });
  else if (guidance === null) return refused(`\`${live.taskId}\` is at it already (${live.phase}).`);
  return done();
}

function guidanceOf({ argument, actor }: CommandSignal): Guidance | null {
  const text = argument.trim();
  return text === '' ? null : { text, mode: 'append', by: actor.login };
}

async function turn(tx: Tx, { signal, deps }: Acting, isPaused: boolean): Promise<CommandOutcome> {
  await setPaused(tx, signal.repository, isPaused, signal.actor.login, deps.clock());
  return done();
}

/** As many as one look at an answer takes in. */
const MAX_LISTED = 10;

async function status(tx: Tx, { signal, pull, live, last, deps }: Acting): Promise<CommandOutcome> {
  if (pull === null) {
    const all = await listRemediations(tx, { repository: signal.repository, phase: 'live', limit: MAX_LISTED });
    return done(statusText(all, deps.maxAttempts));
  }
  const shown = [live ?? last].filter((remediation) => remediation !== null);
  return done(statusText(shown, deps.maxAttempts));
}

async function explain(tx: Tx, { pull, live, last }: Acting): Promise<CommandOutcome> {
  if (pull === null) return refused('`/healer explain` works on pull requests.');
  const subject = live ?? last;
  if (subject === null) return done('Healer has not been at work on this branch: no failure of it was taken up.');
  const brief = await latestBrief(tx, subject.id);
  return done(explainText(subject, await readTimeline(tx, subject.id), brief?.classification ?? null));
}
