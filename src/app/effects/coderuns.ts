import { draftCodeRun } from '../../coderun/draft.ts';
import type { Engine } from '../../coderun/engine.ts';
import { type CodeRunDraft, isTerminalPhase } from '../../coderun/schema.ts';
import type { Clock } from '../../lib/clock.ts';
import { PermanentError } from '../../lib/errors.ts';
import type { Agent, AgentName } from '../../model/agent.ts';
import type { Remediation } from '../../model/remediation.ts';
import type { Handler } from '../../remediate/worker.ts';
import { traceIdOf, traceparentOf } from '../../report/traces/index.ts';
import { findBrief } from '../../store/briefs.ts';
import type { Store } from '../../store/open.ts';
import type { Settings } from '../settings.ts';

export interface CodeRunEffects {
  readonly store: Store;
  readonly engine: Engine;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly agents: ReadonlyMap<AgentName, Agent>;
  /** `owner/name` to the address that git clones from. */
  readonly cloneUrl: (repository: string) => string;
}

/** How long until it is looked again whether an earlier run has ended, in milliseconds. */
const EARLIER_RUN_MS = 2_000;

const TRACE_ANNOTATION = 'healer/trace-id';

/** Two CodeRuns that would take one name are told apart by this many salts at most. */
const MAX_SALTS = 5;

/** Writes the CodeRun of an attempt; writing it again finds the first one. */
export function spawnHandler(deps: CodeRunEffects): Handler<'spawn'> {
  return async (effect, remediation) => {
    const attempt = remediation.attempts.find((candidate) => candidate.ordinal === effect.ordinal);
    const brief = await findBrief(deps.store.db, effect.briefId);
    const agent = attempt === undefined ? undefined : deps.agents.get(attempt.agent);
    if (attempt === undefined || brief === null || agent === undefined) {
      const detail = `Attempt ${effect.ordinal} of ${remediation.taskId} has no ${brief === null ? 'brief' : 'agent'}.`;
      return {
        kind: 'fact',
        fact: { kind: 'coderun_ended', ordinal: effect.ordinal, how: 'infrastructure', detail, report: null },
      };
    }
    if (await earlierRunLives(deps.engine, remediation, effect.ordinal)) {
      return { kind: 'again', at: deps.clock() + EARLIER_RUN_MS };
    }
    const { settings } = deps;
    const cli = agent.cli ?? settings.cli;
    const input = {
      kind: remediation.kind,
      subjectKey: remediation.subjectKey,
      lineageId: remediation.lineageId,
      taskId: remediation.taskId,
      repository: remediation.repository,
      repositoryUrl: deps.cloneUrl(remediation.repository),
      branch: remediation.targetBranch ?? remediation.branch,
      baseBranch: brief.baseBranch,
      agent: { name: agent.name, githubApp: agent.githubApp },
      failureType: attempt.failureType,
      runId: remediation.runId,
      pullRequest: remediation.pullRequest,
      ordinal: effect.ordinal,
      prompt: brief.prompt,
      cli: settings.agentCommand.length > 0 ? commandConfig(settings.agentCommand) : cli,
      model: agent.model ?? settings.model,
      deadlineSeconds: settings.limits.runDeadlineMinutes * 60,
    };
    const name = await create(deps.engine, remediation, input);
    return { kind: 'fact', fact: { kind: 'coderun_created', ordinal: effect.ordinal, name } };
  };
}

/** At most one CodeRun of a remediation lives: one that was given up has to be gone before the next one starts. */
async function earlierRunLives(engine: Engine, remediation: Remediation, ordinal: number): Promise<boolean> {
  for (const { codeRunName, ordinal: earlier } of remediation.attempts) {
    if (codeRunName === null || earlier >= ordinal) continue;
    const codeRun = await engine.get(codeRunName);
    if (codeRun === null || isTerminalPhase(codeRun.status.phase)) continue;
    await engine.requestCancel(codeRunName);
    return true;
  }
  return false;
}

async function create(
  engine: Engine,
  remediation: Remediation,
  input: Omit<Parameters<typeof draftCodeRun>[0], 'salt'>,
): Promise<string> {
  for (let salt = 0; ; salt += 1) {
    const draft = traced(draftCodeRun({ ...input, salt: salt === 0 ? '' : String(salt) }), remediation);
    try {
      await engine.create(draft);
      return draft.name;
    } catch (error) {
      // Eight hex digits may meet another remediation's; the next salt is as deterministic as the name.
      if (!(error instanceof PermanentError) || salt >= MAX_SALTS) throw error;
    }
  }
}

/** The run can be found from its trace and the trace from the run; an agent that makes spans goes on from ours. */
function traced(draft: CodeRunDraft, { id }: Remediation): CodeRunDraft {
  const { annotations, spec } = draft;
  return {
    ...draft,
    annotations: { ...annotations, [TRACE_ANNOTATION]: traceIdOf(id) },
    spec: { ...spec, env: { ...spec.env, TRACEPARENT: traceparentOf(id, spec.contextVersion) } },
  };
}

function commandConfig(command: readonly string[]) {
  return { cliType: 'command', settings: { command: [...command] } };
}

/** Stops the CodeRun of an attempt. One that does not exist yet is stopped when it comes into being. */
export function cancelRunHandler({ engine }: Pick<CodeRunEffects, 'engine'>): Handler<'cancel_run'> {
  return async (effect, remediation: Remediation) => {
    const name = remediation.attempts.find((attempt) => attempt.ordinal === effect.ordinal)?.codeRunName;
    if (name) await engine.requestCancel(name);
    return { kind: 'done' };
  };
}
