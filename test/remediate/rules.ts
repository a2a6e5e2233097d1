import { isDeepStrictEqual } from 'node:util';
import type { Fact } from '../../src/model/fact.ts';
import { type Attempt, isTerminal, type Remediation } from '../../src/model/remediation.ts';
import type { Result } from '../../src/remediate/change.ts';
import { type Effect, effectKey, REPEATABLE } from '../../src/remediate/effects.ts';
import { attemptsSpent, infrastructureFailuresInARow } from '../../src/remediate/lineage.ts';
import type { Policy } from '../../src/remediate/policy.ts';
import { transition } from '../../src/remediate/transition.ts';

/** Plain checks instead of `expect`: a property test makes a million of them. */
type Rule = (holds: boolean, broken: string) => void;

/** Applies a fact and holds the step against every rule of DESIGN section 4 that one step can break. */
export function step(before: Remediation, fact: Fact, policy: Policy, now: number): Result {
  const result = transition(before, fact, policy, now);
  const rule: Rule = (holds, broken) => {
    if (holds) return;
    const what = fact.kind === 'person_commanded' ? `${fact.kind} ${fact.verb}` : fact.kind;
    throw new Error(`${broken}: ${before.phase} + ${what} → ${result.remediation.phase}`);
  };
  rule(isStorable(result.remediation), 'the store would give back another state');
  terminalIsTerminal(before, result, rule);
  phaseIsComplete(before, result, now, rule);
  attemptsAreBounded(before, result.remediation, policy, rule);
  attemptsAreHistory(before, result.remediation, rule);
  oneCodeRun(before, fact, result, rule);
  dutiesAreDistinct(result, rule);
  return result;
}

/** JSON keeps neither `undefined` nor numbers that are none. */
function isStorable(value: unknown): boolean {
  if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) return false;
  return typeof value !== 'object' || value === null || Object.values(value).every(isStorable);
}

/** Of an ended remediation only what the world did late is written down. */
function terminalIsTerminal(before: Remediation, { remediation: after, effects }: Result, rule: Rule): void {
  if (!isTerminal(before.phase) || after === before) return;
  const lasting = (remediation: Remediation) => ({
    ...remediation,
    updatedAt: 0,
    pullRequest: null,
    attempts: remediation.attempts.map((attempt) => ({ ...attempt, codeRunName: null })),
  });
  rule(isDeepStrictEqual(lasting(after), lasting(before)), 'terminal is not terminal');
  const harmless = ({ effect }: { effect: Effect }) => effect.kind === 'cancel_run' || effect.kind === 'comment';
  rule(effects.every(harmless), 'work is planned after the end');
}

function phaseIsComplete(before: Remediation, result: Result, now: number, rule: Rule): void {
  const { remediation: after, entries } = result;
  const told = entries.every(({ at, phase, message }) => at === now && phase === after.phase && message !== '');
  rule(told, 'a timeline entry without its time, phase or sentence');
  if (after.phase !== before.phase || after.attempts.length !== before.attempts.length) {
    rule(entries.length > 0, 'no timeline entry');
    rule(after.phaseSince === now, 'phaseSince is not now');
  }
  if (isTerminal(after.phase)) {
    rule(after.wakeAt === null && after.endedAt !== null, 'ended with a timer or without a time');
    rule(after.reason !== null && after.reason.detail !== '', 'ended without a reason');
  } else {
    rule(after.endedAt === null, 'live, but with an end');
    rule(Number.isSafeInteger(after.wakeAt), 'live without a timer');
    // A timer that has just been set lies ahead, or the machine would spin.
    rule(after.wakeAt === before.wakeAt || Number(after.wakeAt) > now, 'a timer in the past');
  }
}

function attemptsAreBounded(before: Remediation, after: Remediation, policy: Policy, rule: Rule): void {
  const limit = Math.max(policy.maxAttempts, attemptsSpent(before));
  rule(attemptsSpent(after) <= limit, 'more attempts than allowed');
  const failures = infrastructureFailuresInARow(after.attempts);
  rule(failures <= policy.maxInfrastructureFailures, 'too many infrastructure failures');
  const goesOn = !isTerminal(after.phase) && failures >= policy.maxInfrastructureFailures;
  rule(!goesOn, 'lives on after too many infrastructure failures');
}

/** What has ended is not rewritten; what is begun gets the next number. */
function attemptsAreHistory(before: Remediation, after: Remediation, rule: Rule): void {
  const begun = after.attempts.length - before.attempts.length;
  rule(begun === 0 || begun === 1, 'attempts were lost, or several begun at once');
  rule(after.spawned === before.spawned + begun, 'CodeRuns are not counted');
  for (const [index, attempt] of after.attempts.entries()) {
    rule(attempt.ordinal > (after.attempts[index - 1]?.ordinal ?? 0), 'ordinals do not grow');
    rule((attempt.endedAt === null) === (attempt.outcome === null), 'an outcome without an end, or the reverse');
    const was = before.attempts[index];
    if (was !== undefined && was !== attempt) rule(isSameAttempt(was, attempt), 'an attempt was rewritten');
  }
  rule(begun === 0 || after.attempts.at(-1)?.ordinal === after.spawned, 'the ordinal is not the next one');
}

function isSameAttempt(was: Attempt, is: Attempt): boolean {
  if (was.endedAt !== null) return isDeepStrictEqual({ ...was, codeRunName: is.codeRunName }, is);
  const { number, ordinal, agent, briefId, startedAt } = was;
  return (
    is.number === number &&
    is.ordinal === ordinal &&
    is.agent === agent &&
    is.briefId === briefId &&
    is.startedAt === startedAt
  );
}

/** At most one attempt is open; its CodeRun is asked for, and stopped when it is given up. */
function oneCodeRun(before: Remediation, fact: Fact, { remediation: after, effects }: Result, rule: Rule): void {
  const busy = after.phase === 'working' || after.phase === 'verifying';
  const open = after.attempts.filter(({ endedAt }) => endedAt === null);
  rule(open.length === (busy ? 1 : 0), 'not exactly the attempt under way is open');
  rule(!busy || open[0] === after.attempts.at(-1), 'the open attempt is not the last');

  const planned = effects.map(({ effect }) => effect);
  const begun = after.attempts.length > before.attempts.length ? after.attempts.at(-1) : undefined;
  const spawns = planned.filter((effect) => effect.kind === 'spawn');
  rule(spawns.length === (begun === undefined ? 0 : 1), 'a CodeRun is asked for without an attempt, or the reverse');
  if (begun !== undefined)
    rule(spawns[0]?.ordinal === begun.ordinal && spawns[0]?.briefId === begun.briefId, 'the CodeRun is another one');

  const running = before.phase === 'working' ? before.attempts.at(-1) : undefined;
  if (running === undefined || after.phase === 'working' || fact.kind === 'coderun_ended') return;
  const stops = planned.some((effect) => effect.kind === 'cancel_run' && effect.ordinal === running.ordinal);
  rule(stops, 'the CodeRun of an attempt that was given up runs on');
}

function dutiesAreDistinct({ remediation, effects }: Result, rule: Rule): void {
  const keys = effects.map(({ effect }) => effectKey(remediation.id, effect));
  rule(new Set(keys).size === keys.length, `two duties with one key (${keys})`);
}

/** Keys of deeds that must be asked for once only, over a whole life. */
export function deeds(id: string, effects: readonly { readonly effect: Effect }[]): readonly string[] {
  return effects.filter(({ effect }) => !REPEATABLE.has(effect.kind)).map(({ effect }) => effectKey(id, effect));
}
