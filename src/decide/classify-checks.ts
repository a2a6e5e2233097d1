import type { Classification } from '../model/evidence.ts';
import type { FailedCheck } from '../model/signal.ts';
import { classify } from './classify/index.ts';
import type { RuleSet } from './route/rule-set.ts';

export interface ChecksToClassify {
  readonly logs: readonly { readonly check: FailedCheck; readonly bytes: Uint8Array }[];
  /** Of the same jobs when they were last green; `check` is the failed one. */
  readonly greenLogs?: readonly { readonly check: FailedCheck; readonly bytes: Uint8Array }[];
  readonly failedChecks: readonly FailedCheck[];
  readonly workflowName: string | null;
  readonly changedFiles: readonly string[];
  readonly annotations: readonly string[];
}

/**
 * One judgement over all failed checks: the strongest breakage that a re-run would not cure; transient only when
 * every log says so. Without any log, the names have to do.
 */
export function classifyChecks(input: ChecksToClassify, rules: RuleSet): Classification {
  const names = (check: FailedCheck | undefined) => ({
    workflow: check?.workflowName ?? input.workflowName,
    job: check?.name ?? null,
    failedSteps: check?.failedSteps ?? [],
    changedFiles: input.changedFiles,
    annotations: input.annotations,
  });
  const [first] = input.failedChecks;
  if (input.logs.length === 0) return classify({ log: null, ...names(first) }, rules);
  const greenOf = ({ name, workflowName }: FailedCheck): Uint8Array | null =>
    input.greenLogs?.find(({ check }) => check.name === name && check.workflowName === workflowName)?.bytes ?? null;
  const all = input.logs.map(({ check, bytes }) =>
    classify({ log: bytes, lastGreenLog: greenOf(check), ...names(check) }, rules),
  );
  const lasting = all.filter((one) => !one.transient);
  const ranked = (lasting.length > 0 ? lasting : all).toSorted((a, b) => b.confidence - a.confidence);
  return ranked[0] as Classification;
}
