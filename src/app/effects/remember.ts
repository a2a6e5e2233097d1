import { lessonsOf, outcomeOf } from '../../learn/lessons.ts';
import type { Attempt } from '../../model/remediation.ts';
import type { Handler } from '../../remediate/worker.ts';
import { createRedactor, type Redactor, safeLine, safeText } from '../../safety/index.ts';
import { findBrief } from '../../store/briefs.ts';
import { rememberLessons } from '../../store/lessons.ts';
import type { Store } from '../../store/open.ts';
import type { RememberedOutcome } from '../../store/outcomes.ts';

export interface RememberDeps {
  readonly store: Store;
  /** Takes how an attempt ended; other memories than the store may fail in it without a word. */
  readonly keep: (outcome: RememberedOutcome, signal: AbortSignal) => Promise<void>;
  /** Our own secrets, which must not be remembered. */
  readonly secrets: readonly string[];
}

/** The longest account of an agent that is kept, in characters; a brief has room for less. */
const MAX_APPROACH = 4_000;

/** Keeps how an attempt or a remediation ended, for the briefs, choices and insights to come. */
export function rememberHandler({ store, keep, secrets }: RememberDeps): Handler<'remember'> {
  const judgementOf = async (attempt: Attempt | undefined) =>
    attempt === undefined ? null : ((await findBrief(store.db, attempt.briefId))?.classification ?? null);
  return async ({ about }, remediation, signal) => {
    if (about === 'end') {
      const lessons = lessonsOf(remediation, await judgementOf(remediation.attempts[0]));
      await store.transaction((tx) => rememberLessons(tx, lessons));
      return { kind: 'done' };
    }
    const attempt = remediation.attempts.find(({ ordinal }) => ordinal === about);
    const outcome = attempt === undefined ? null : outcomeOf(remediation, attempt, await judgementOf(attempt));
    if (outcome === null) return { kind: 'done' };
    const safe = throughTheGate(outcome, createRedactor({ secrets }));
    await keep(safe, signal);
    return { kind: 'done' };
  };
}

function throughTheGate(outcome: RememberedOutcome, redactor: Redactor): RememberedOutcome {
  return {
    ...outcome,
    approach: safeText(outcome.approach, redactor).slice(0, MAX_APPROACH).toWellFormed(),
    detail: safeLine(outcome.detail, redactor, 1_000),
    stillRed: outcome.stillRed.map((name) => safeLine(name, redactor)),
  };
}
