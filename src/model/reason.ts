/**
 * Why something happened to a delivery or a remediation. Codes are stable: people search for them, dashboards count
 * them. Each has one sentence here and in docs/reasons.md (a test compares the two).
 */
export const REASONS = {
  // deliveries
  new_failure: 'The failure was not known, so a remediation was opened.',
  same_run: 'Another event of the same CI run already opened a remediation; this one was joined to it.',
  same_branch: 'A remediation of the same branch is under way; this failure was joined to it.',
  same_alert: 'A remediation of the same alert, or of what it is about, is under way; this one was joined to it.',
  same_review: 'A remediation of the same pull request’s review is under way; these findings were joined to it.',
  nothing_to_resolve: 'The alert is resolved, and no remediation of it is under way.',
  verification_event: 'The event is about a commit that an agent pushed; it feeds the verification under way.',
  branch_busy: 'An agent is at work on that branch; ask again when it has ended.',
  already_decided: 'The same run was decided before, and that remediation has ended.',
  recent_remediation: 'A remediation of the same branch ended a short while ago; a person can ask for another.',
  not_a_failure: 'The event does not report a failure.',
  progress_noted: 'The event reports progress of a remediation under way; its state is being looked at again.',
  not_finished: 'The event reports something that has not finished yet.',
  unknown_event: 'Healer has no use for this type of event.',
  no_repository: 'The event names no repository, so there is nothing to repair in.',
  reviewer_not_listed: 'The reviewer is not one whose findings Healer repairs.',
  button_unknown: 'The pressed button is none that Healer knows.',
  command_taken: 'The command was written down; a reaction to its comment shows how it went.',
  command_unknown: 'Healer knows no such command.',
  command_refused: 'The command was not carried out: whoever gave it may not, or there was nothing to do it to.',
  no_branch: 'The event names no branch, so there is nothing to repair.',
  repository_not_allowed: 'The repository is not on the list of allowed repositories.',
  opted_out: 'Somebody opted out: a skip flag in the head commit, a label, or the repository’s own configuration.',
  fork: 'The failure comes from a fork; a maintainer has to ask for a remediation.',
  bot_author: 'The change was made by a bot that is not on the list of bots to help.',
  healer_itself: 'The event is about Healer’s own check, not about CI.',
  decision_failed: 'The delivery is stored, but deciding about it failed; it will be tried again.',
  kept: 'The delivery is on the disk and will be decided about in a moment; its status says what became of it.',
  unreadable: 'The delivery was acknowledged before it was read, and its body cannot be used.',
  known_id: 'Another delivery came before under the same id of its sender; that one counts.',
  // remediations
  fixed: 'Every check that was red has completed green on the agent’s commit or a later one.',
  green_after_rerun: 'The failed jobs were re-run and are green; the failure was transient.',
  green_without_change: 'The checks are green without a change.',
  attempts_spent: 'All attempts of this lineage are spent without a green result.',
  infrastructure_spent: 'The agent could not be run: the infrastructure failed too often.',
  nothing_new:
    'Every agent that may be sent was sent with all that is known already; another try would only repeat it.',
  no_progress: 'The remediation ran out of time without anything left to try.',
  cancelled_by_person: 'A person cancelled the remediation.',
  pull_request_closed: 'The pull request was closed.',
  branch_gone: 'The branch no longer exists.',
  newer_commit: 'A newer commit replaced the one that was red.',
  already_green: 'The failure had disappeared by the time the evidence was gathered.',
  base_red: 'The base branch is red in the same way; the repair belongs there.',
  repair_open: 'A pull request holds the repair of the same breakage already; people have to merge it.',
  alert_resolved: 'The alert was resolved by somebody else.',
  shadow_mode: 'Healer runs in shadow mode: it decides and reports but starts nothing.',
  paused: 'Spending is paused.',
  at_capacity: 'As many CodeRuns run as the limits allow.',
  repository_at_capacity: 'As many CodeRuns run in the repository as the limits allow there.',
  daily_attempts: 'As many attempts were begun today as the limits allow; tomorrow (UTC) it goes on.',
  daily_cost: 'As much money was spent today as the limits allow; tomorrow (UTC) it goes on.',
  incident: 'Many remediations show the same cause; one of them goes ahead and the others wait for it.',
  agent_not_allowed: 'The repository’s own configuration allows no agent that could repair this.',
  breaker_open: 'Too many remediations failed lately; Healer waits before it spends more.',
  approval_required: 'The repository asks for a person’s approval before an agent is started.',
  transient: 'The failure looks transient; the failed jobs are re-run once before any agent is sent.',
} as const;

export type ReasonCode = keyof typeof REASONS;

export interface Reason {
  readonly code: ReasonCode;
  /** What the code means here, with the names involved. */
  readonly detail: string;
}

export function reason(code: ReasonCode, detail: string = REASONS[code]): Reason {
  return { code, detail };
}
