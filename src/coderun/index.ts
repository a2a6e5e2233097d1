/** What the rest of Healer needs of this room. */
export { codeRunName, type DraftInput, draftCodeRun, LABELS } from './draft.ts';
export { type EndedRun, endedOf } from './ended.ts';
export type { CodeRuns, Engine, JobState, Observed, Runs } from './engine.ts';
export { createLocalEngine, type GitToken, type LocalEngine, type LocalEngineOptions } from './engines/local/engine.ts';
export type { OnEnded } from './reconcile/apply.ts';
export { DEFAULT_RECONCILE_POLICY, type ReconcilePolicy } from './reconcile/policy.ts';
export { createReconciler, type ReconcileFailure, type Reconciler } from './reconcile/reconciler.ts';
export { type CodeRun, type CodeRunDraft, type CodeRunSpec, type CodeRunStatus, isTerminalPhase } from './schema.ts';
export { type CodeRunTemplates, loadCodeRunTemplates } from './templates.ts';
