import type { CodeRunEnded } from '../model/fact.ts';
import type { AgentReport } from '../model/outcome.ts';
import { type CodeRun, conditionOf, isTerminalPhase } from './schema.ts';

/** How a CodeRun ended, in the words of the remediation that asked for it. */
export type EndedRun = Pick<CodeRunEnded, 'how' | 'detail' | 'report'>;
export type How = EndedRun['how'];

/** The reason that the condition `Succeeded` carries for each way to end. */
export const END_REASONS = {
  succeeded: 'AgentSucceeded',
  failed: 'AgentFailed',
  deadline: 'DeadlineExceeded',
  cancelled: 'Cancelled',
  infrastructure: 'InfrastructureFailed',
} as const satisfies Record<How, string>;

/** Reads the end of a CodeRun from its status alone, so that a restart changes nothing; null while it has not ended. */
export function endedOf(codeRun: CodeRun): EndedRun | null {
  const { status } = codeRun;
  if (!isTerminalPhase(status.phase)) return null;
  const condition = conditionOf(status, 'Succeeded');
  const ways = Object.keys(END_REASONS) as How[];
  const how = ways.find((way) => END_REASONS[way] === condition?.reason) ?? fallback(status.phase);
  return { how, detail: status.message ?? condition?.message ?? '', report: reportOf(codeRun) };
}

/** For objects that another controller brought to their end. */
function fallback(phase: string): How {
  return phase === 'Succeeded' ? 'succeeded' : phase === 'Cancelled' ? 'cancelled' : 'failed';
}

function reportOf({ status }: CodeRun): AgentReport | null {
  if (status.result === undefined) return null;
  return {
    status: status.result.status,
    summary: status.result.summary,
    commitSha: status.commitSha ?? null,
    pullRequestUrl: status.pullRequestUrl ?? null,
    usage: status.usage ?? null,
  };
}
