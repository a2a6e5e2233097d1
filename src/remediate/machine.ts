import type { Clock } from '../lib/clock.ts';
import type { Fact } from '../model/fact.ts';
import { isTerminal, type Remediation, type TimelineEntry } from '../model/remediation.ts';
import { saveAttempt } from '../store/attempts.ts';
import { planEffects } from '../store/effects.ts';
import { closeLineage, saveSpending } from '../store/lineages.ts';
import type { Store, Tx } from '../store/open.ts';
import { assignRun } from '../store/remediation-places.ts';
import { insertRemediation, loadForChange, saveRemediation } from '../store/remediations.ts';
import { appendTimeline } from '../store/timeline.ts';
import type { Result } from './change.ts';
import { type Effect, effectKey, type Planned, REPEATABLE } from './effects.ts';
import { attemptsSpent, counts } from './lineage.ts';
import type { Policy } from './policy.ts';
import { opened, transition } from './transition.ts';

/** One step of a remediation's life, for everyone who listens: metrics, logs, the stream. */
export interface Step {
  readonly before: Remediation | null;
  readonly after: Remediation;
  readonly fact: Fact | null;
  readonly entries: readonly TimelineEntry[];
}

/** Reads what stands in the way of what the fact asks for, in the same transaction; the fact is null at the opening. */
export type PolicyFor = (tx: Tx, remediation: Remediation, now: number, fact: Fact | null) => Promise<Policy>;

export interface MachineOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly policyFor: PolicyFor;
  /** What holds for every remediation. Opening one spends nothing, so that nothing in the way of spending is read. */
  readonly policyToOpen?: Policy;
  /** A remediation came to its end; done in the same transaction. */
  readonly onEnd?: (tx: Tx, ended: Remediation, now: number) => Promise<void>;
  /** Every step that was written; done in the same transaction, after `onEnd`. */
  readonly onStep?: (tx: Tx, step: Step, now: number) => Promise<void>;
  /** What is said goes through it: a message may hold the words of whoever reported the failure. */
  readonly gate?: (message: string) => string;
  /** Planned wherever a comment is: other places that show how a remediation stands. */
  readonly besideComments?: readonly Effect[];
}

export interface ApplyOptions {
  /** Done in the same transaction, before the fact is applied. */
  readonly first?: (tx: Tx) => Promise<void>;
  /** Done in the same transaction, whether or not the fact moved anything. */
  readonly also?: (tx: Tx) => Promise<void>;
  /** The fact counts only for a remediation that is still so. */
  readonly onlyIf?: (remediation: Remediation) => boolean;
}

export interface Machine {
  /** Writes a new remediation with its first duties. Null when its subject is live already. */
  open(tx: Tx, remediation: Remediation, message: string): Promise<Step | null>;
  /** Applies a fact in the caller's transaction. Null when there is no such remediation. */
  applyIn(tx: Tx, id: string, fact: Fact, onlyIf?: (remediation: Remediation) => boolean): Promise<Step | null>;
  /** Applies a fact in a transaction of its own. */
  apply(id: string, fact: Fact, options?: ApplyOptions): Promise<Step | null>;
  /** Tells the listeners; to be called after the commit of a transaction that `open` or `applyIn` took part in. */
  publish(step: Step | null): void;
  subscribe(listener: (step: Step) => void): () => void;
}

/** Facts in, states and duties out, each step in one transaction. */
export function createMachine(options: MachineOptions): Machine {
  const { store, clock, policyFor, policyToOpen, onEnd, onStep, besideComments = [] } = options;
  const listeners = new Set<(step: Step) => void>();
  const { gate = (message) => message } = options;
  const safe = (entry: TimelineEntry): TimelineEntry => ({ ...entry, message: gate(entry.message) });

  const withMirrors = (planned: Planned): readonly Planned[] =>
    planned.effect.kind === 'comment'
      ? [planned, ...besideComments.map((effect) => ({ effect, dueAt: planned.dueAt }))]
      : [planned];

  const write = async (tx: Tx, step: Step, result: Result, now: number): Promise<void> => {
    const { before } = step;
    const { remediation } = result;
    await appendTimeline(tx, remediation.id, result.entries.map(safe));
    await planEffects(
      tx,
      result.effects.flatMap(withMirrors).map(({ effect, dueAt }) => ({
        key: effectKey(remediation.id, effect),
        remediationId: remediation.id,
        kind: effect.kind,
        payload: effect,
        dueAt,
        repeatable: REPEATABLE.has(effect.kind),
      })),
      now,
    );
    await keepLineage(tx, before, remediation, now);
    if (before !== null) {
      await keepSpending(tx, before, remediation);
      if (isTerminal(remediation.phase) && !isTerminal(before.phase)) await onEnd?.(tx, remediation, now);
    }
    await onStep?.(tx, step, now);
  };

  const machine: Machine = {
    open: async (tx, remediation, message) => {
      const now = clock();
      const policy = policyToOpen ?? (await policyFor(tx, remediation, now, null));
      const result = opened(remediation, policy, now, message);
      if (!(await insertRemediation(tx, result.remediation))) return null;
      if (remediation.runId !== null) await assignRun(tx, remediation.repository, remediation.runId, remediation.id);
      const step = { before: null, after: result.remediation, fact: null, entries: result.entries };
      await write(tx, step, result, now);
      return step;
    },

    applyIn: async (tx, id, fact, onlyIf) => {
      const now = clock();
      const loaded = await loadForChange(tx, store.dialect, id);
      if (loaded === null) return null;
      const before = loaded.remediation;
      if (onlyIf !== undefined && !onlyIf(before)) return { before, after: before, fact, entries: [] };
      const result = transition(before, fact, await policyFor(tx, before, now, fact), now);
      if (result.remediation !== before) {
        await saveRemediation(tx, result.remediation, loaded.version);
        await write(tx, { before, after: result.remediation, fact, entries: result.entries }, result, now);
      }
      if (fact.kind === 'failure_joined' && fact.runId !== null) await assignRun(tx, before.repository, fact.runId, id);
      return { before, after: result.remediation, fact, entries: result.entries };
    },

    apply: async (id, fact, { first, also, onlyIf } = {}) => {
      const step = await store.unhurried(async (tx) => {
        await first?.(tx);
        const applied = await machine.applyIn(tx, id, fact, onlyIf);
        await also?.(tx);
        return applied;
      });
      machine.publish(step);
      return step;
    },

    publish: (step) => {
      if (step === null || step.entries.length === 0) return;
      for (const listener of listeners) listener(step);
    },

    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return machine;
}

async function keepLineage(tx: Tx, before: Remediation | null, after: Remediation, now: number): Promise<void> {
  const attempts = attemptsSpent(after);
  // A remediation that opens has spent nothing yet: its numbers are the lineage's own.
  if (before !== null && (attempts !== attemptsSpent(before) || after.spawned !== before.spawned)) {
    const lineage = { id: after.lineageId, key: after.subjectKey };
    await saveSpending(tx, lineage, { attempts, spawned: after.spawned });
  }
  if (after.phase === 'succeeded' && before !== null && !isTerminal(before.phase)) {
    await closeLineage(tx, after.subjectKey, 'green', now);
  }
}

/** What attempts spent, for the daily limits; only those that changed are written. */
async function keepSpending(tx: Tx, before: Remediation, after: Remediation): Promise<void> {
  for (const attempt of after.attempts) {
    const known = before.attempts.find(({ ordinal }) => ordinal === attempt.ordinal);
    if (known !== undefined && known.outcome === attempt.outcome && known.report === attempt.report) continue;
    await saveAttempt(tx, {
      remediationId: after.id,
      ordinal: attempt.ordinal,
      repository: after.repository,
      startedAt: attempt.startedAt,
      counted: counts(attempt),
      // What an agent reports must not give money back.
      costUsd: Math.max(0, attempt.report?.usage?.costUsd ?? 0),
    });
  }
}
