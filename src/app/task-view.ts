import { LABELS } from '../coderun/draft.ts';
import { endedOf } from '../coderun/ended.ts';
import { type CodeRun, isTerminalPhase } from '../coderun/schema.ts';
import type { CodeRunView, TaskInputs } from '../report/api/task-schemas.ts';
import type { TaskRunTable } from '../store/task-run-table.ts';

/** A CodeRun as people see it; `row` when somebody asked for it. `output` is redacted already. */
export function codeRunView(codeRun: CodeRun, row: TaskRunTable | null, output: string | null): CodeRunView {
  const { status, spec, annotations } = codeRun;
  const { usage } = status;
  return {
    name: codeRun.name,
    run_type: spec.runType,
    task_id: spec.taskId ?? null,
    remediation: spec.runType === 'remediate' ? (annotations[LABELS.taskId] ?? null) : null,
    repository: annotations[LABELS.repository] ?? null,
    branch: spec.branch ?? null,
    agent: annotations[LABELS.agent] ?? null,
    attempt: spec.contextVersion,
    phase: status.phase,
    live: !isTerminalPhase(status.phase),
    cancel_requested: codeRun.cancelRequested,
    message: status.message ?? null,
    created_at: new Date(codeRun.createdAt).toISOString(),
    started_at: status.startedAt ?? null,
    finished_at: status.finishedAt ?? null,
    ended_as: endedOf(codeRun)?.how ?? null,
    result: status.result ?? null,
    commit_sha: status.commitSha ?? null,
    pull_request_url: status.pullRequestUrl ?? null,
    session_id: status.sessionId ?? null,
    usage:
      usage === undefined
        ? null
        : { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens, cost_usd: usage.costUsd },
    output_tail: output ?? row?.output_tail ?? null,
    inputs: row === null ? null : (JSON.parse(row.inputs) as TaskInputs),
    status_url: `/api/coderuns/${codeRun.name}`,
  };
}
