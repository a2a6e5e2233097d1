/** What the reconciler decides by; every value is a setting. */
export interface ReconcilePolicy {
  /** For CodeRuns that state no deadline of their own (CONTRACT section 3: run deadline 2 h). */
  readonly deadlineSeconds: number;
  /** How long past its deadline a job may be seen alive before the reconciler stops it itself. */
  readonly deadlineSlackSeconds: number;
  /** How long a job may wait to run (image, volume, node) before the run is given up as infrastructure. */
  readonly pendingSeconds: number;
  /** How long workspace, files and output of an ended run are kept. */
  readonly retentionSeconds: number;
  /** How often starting may fail before the run is given up as infrastructure. */
  readonly maxStartFailures: number;
  /** How long before it expires a run's token is replaced. GitHub's installation tokens live for one hour. */
  readonly credentialsLeadSeconds: number;
  /** How often a live run is looked at without any event. */
  readonly pollMs: number;
}

export const DEFAULT_RECONCILE_POLICY: ReconcilePolicy = {
  deadlineSeconds: 7200,
  deadlineSlackSeconds: 120,
  pendingSeconds: 900,
  retentionSeconds: 86_400,
  maxStartFailures: 5,
  credentialsLeadSeconds: 900,
  pollMs: 5000,
};
