import type { FailedCheck } from '../model/signal.ts';
import type { ChecksReading } from './evidence.ts';

/** One check on a commit as GitHub lists it: a check run, a commit status, or a workflow run that has no jobs. */
export interface CheckFact {
  readonly check: FailedCheck;
  /** Rises with time within its kind. */
  readonly id: number;
  /** Annotations are asked for by it; null for what is not a check run. */
  readonly checkRunId: number | null;
  /** What started the workflow (`push`, `pull_request`); null outside Actions. */
  readonly event: string | null;
  /** What groups checks that run and fail together; null for a status. */
  readonly suiteId: number | null;
  /** GitHub's word; null while it runs. */
  readonly conclusion: string | null;
}

type State = 'green' | 'red' | 'pending' | 'stopped';

/**
 * How the wanted checks stand. Green means that each wanted check has completed with success: one that is absent,
 * skipped, neutral or stale is pending, never green. One that was skipped or cancelled while its own suite is red
 * counts as red: what it waited for has failed and nobody will run it again. Nor is it green before what runs together
 * with it has ended: a repair that breaks the job beside it is none. With nothing wanted (the event spoke about a whole
 * run), every check on the commit is.
 */
export function assessChecks(facts: readonly CheckFact[], wanted: readonly FailedCheck[]): ChecksReading {
  const current = latest(facts);
  const redSuites = new Set(current.filter((fact) => stateOf(fact) === 'red').map((fact) => fact.suiteId));
  const judged = (fact: CheckFact): State => {
    const state = stateOf(fact);
    return state === 'stopped' && fact.suiteId !== null && redSuites.has(fact.suiteId) ? 'red' : state;
  };
  if (wanted.length === 0) return assessAll(current);

  const red: FailedCheck[] = [];
  const pending: string[] = [];
  const green: string[] = [];
  const matched = new Set<CheckFact>();
  for (const check of wanted) {
    const matches = current.filter((fact) => isSame(fact, check, current));
    for (const match of matches) matched.add(match);
    const states = matches.map(judged);
    if (states.includes('red')) red.push(...matches.filter((fact) => judged(fact) === 'red').map((fact) => fact.check));
    else if (states.length === 0 || states.some((state) => state !== 'green')) pending.push(check.name);
    else green.push(check.name);
  }
  const others = current.filter((fact) => !matched.has(fact));
  const suites = new Set([...matched].map((fact) => fact.suiteId).filter((id) => id !== null));
  const beside = others.filter((fact) => fact.suiteId !== null && suites.has(fact.suiteId));
  red.push(...beside.filter((fact) => stateOf(fact) === 'red').map((fact) => fact.check));
  // What waits for a person may wait for days; it says nothing about the repair.
  pending.push(...beside.filter((fact) => fact.conclusion === null).map((fact) => fact.check.name));
  const alsoRed = others.filter((fact) => stateOf(fact) === 'red' && !beside.includes(fact)).map((fact) => fact.check);
  return { state: stateFrom(red.length, pending.length), red: unique(red), pending, green, alsoRed };
}

/** Checks that a workflow decided not to run do not matter when everything is asked about; none at all is no answer. */
function assessAll(current: readonly CheckFact[]): ChecksReading {
  const having = (state: State) => current.filter((fact) => stateOf(fact) === state).map((fact) => fact.check);
  const [red, pending, green] = [having('red'), having('pending'), having('green')];
  return {
    state: stateFrom(red.length, green.length === 0 ? 1 : pending.length),
    red,
    pending: pending.map((check) => check.name),
    green: green.map((check) => check.name),
    alsoRed: [],
  };
}

function stateFrom(red: number, pending: number): ChecksReading['state'] {
  if (red > 0) return 'red';
  return pending > 0 ? 'pending' : 'green';
}

function stateOf(fact: CheckFact): State {
  switch (fact.conclusion) {
    case 'success':
      return 'green';
    case 'failure':
    case 'error':
    case 'timed_out':
    case 'startup_failure':
      return 'red';
    case 'skipped':
    case 'cancelled':
    case 'neutral':
      return 'stopped';
    default:
      // null, pending, stale, action_required (somebody has to press a button first), and words yet to come
      return 'pending';
  }
}

/** The newest of each check; the same name in another workflow, or for another event, is another check. */
function latest(facts: readonly CheckFact[]): readonly CheckFact[] {
  const newest = new Map<string, CheckFact>();
  for (const fact of facts) {
    const { source, name, workflowName } = fact.check;
    const key = JSON.stringify([source, name, workflowName, fact.event]);
    const known = newest.get(key);
    if (known === undefined || known.id < fact.id) newest.set(key, fact);
  }
  return [...newest.values()];
}

/** Same name and, where both sides know it, same workflow; the same kind unless the name exists in another kind only. */
function isSame(fact: CheckFact, wanted: FailedCheck, all: readonly CheckFact[]): boolean {
  if (fact.check.name !== wanted.name) return false;
  const { workflowName } = fact.check;
  if (workflowName !== null && wanted.workflowName !== null && workflowName !== wanted.workflowName) return false;
  const isStatus = (check: FailedCheck): boolean => check.source === 'status';
  if (isStatus(fact.check) === isStatus(wanted)) return true;
  return !all.some((other) => other.check.name === wanted.name && isStatus(other.check) === isStatus(wanted));
}

function unique(checks: readonly FailedCheck[]): readonly FailedCheck[] {
  return [...new Set(checks)];
}
