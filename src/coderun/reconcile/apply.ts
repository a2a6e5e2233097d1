import { messageOf, PermanentError } from '../../lib/errors.ts';
import type { EndedRun } from '../ended.ts';
import { endedOf } from '../ended.ts';
import type { Engine } from '../engine.ts';
import type { CodeRun } from '../schema.ts';
import type { Action, Assessment } from './assess.ts';
import type { StartFailure } from './ending.ts';

/** Told of each CodeRun that ended: at least once, also after a restart, until it resolves. */
export type OnEnded = (codeRun: CodeRun, ended: EndedRun) => Promise<void>;

export type Applied =
  /** There is nothing more to bring about for now. */
  | { readonly kind: 'settled' }
  /** The world was changed, or somebody else changed it: look again. */
  | { readonly kind: 'look_again' }
  /** Files or job could not be brought about; nothing was written about it yet. */
  | { readonly kind: 'start_failed'; readonly failure: StartFailure; readonly error: unknown };

/** Carries out a judgement: first the actions, then what they allow to be said. */
export async function apply(
  engine: Engine,
  codeRun: CodeRun,
  assessment: Assessment,
  onEnded: OnEnded,
): Promise<Applied> {
  for (const action of assessment.actions) {
    try {
      await carryOut(engine, codeRun, action, onEnded);
    } catch (error) {
      if (action.kind !== 'ensure_files' && action.kind !== 'ensure_job') throw error;
      const isPermanent = error instanceof PermanentError;
      return { kind: 'start_failed', failure: { message: messageOf(error), isPermanent }, error };
    }
  }
  // What came of a start is seen by looking, and is then said in one write together with what was to be said before it.
  if (assessment.actions.some(({ kind }) => kind === 'ensure_job')) return { kind: 'look_again' };
  if (assessment.status === null) return { kind: 'settled' };
  const { status, isWhole = false } = assessment;
  await engine.patchStatus(codeRun.name, codeRun.resourceVersion, status, isWhole);
  return { kind: 'look_again' };
}

function carryOut(engine: Engine, codeRun: CodeRun, action: Action, onEnded: OnEnded): Promise<void> {
  switch (action.kind) {
    case 'ensure_files':
      return engine.ensureFiles(codeRun);
    case 'ensure_job':
      return engine.ensureJob(codeRun, action.deadlineSeconds);
    case 'refresh_credentials':
      return engine.refreshCredentials(codeRun);
    case 'stop_job':
      return engine.stopJob(codeRun, action.why);
    case 'release':
      return engine.release?.(codeRun) ?? Promise.resolve();
    case 'clean_up':
      return engine.cleanUp(codeRun);
    case 'report': {
      const ended = endedOf(codeRun);
      return ended === null ? Promise.resolve() : onEnded(codeRun, ended);
    }
  }
}
