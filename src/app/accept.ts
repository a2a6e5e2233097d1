import { Overloaded, StoreUnavailable } from '../intake/problem.ts';
import type { AcceptedAnswer, AcceptMeta } from '../intake/routes.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Delivery, Disposition } from '../model/delivery.ts';
import type { Reason } from '../model/reason.ts';
import { reason } from '../model/reason.ts';
import { isTerminal, type Remediation } from '../model/remediation.ts';
import type { Signal } from '../model/signal.ts';
import type { Machine, Step } from '../remediate/machine.ts';
import type { DecidedWithin } from '../report/traces/index.ts';
import {
  AlreadyDecidedError,
  countDeliveryFailure,
  decideDelivery,
  findTwin,
  insertDelivery,
  type StoredDelivery,
  undecidedDeliveries,
} from '../store/deliveries.ts';
import { createGroupCommit, type Guard, QueueFullError, UnguardedError } from '../store/group-commit.ts';
import { isLostRace, type Store, type Tx } from '../store/open.ts';
import { findRemediation } from '../store/remediations.ts';
import type { Decided, Decider } from './decide/index.ts';

export interface AcceptorOptions {
  readonly store: Store;
  readonly machine: Machine;
  readonly decide: Decider;
  readonly clock: Clock;
  /** Reads a stored delivery again, exactly as the door did. */
  readonly interpret: (delivery: Delivery) => { readonly signals: readonly Signal[]; readonly ignored: Reason | null };
  readonly onDecided: (delivery: Delivery, disposition: Disposition, within: DecidedWithin) => void;
  readonly onError: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Something was decided: the worker should look. */
  readonly wake: () => void;
  /** How long a commit may take before the sender is told to come again, milliseconds; 8 s when left out. */
  readonly patienceMs?: number;
}

export interface Acceptor {
  accept(delivery: Delivery, meta: AcceptMeta): Promise<AcceptedAnswer>;
  /** Decides deliveries that were kept but could not be decided when they came. Returns how many were. */
  decideLeftovers(): Promise<number>;
  /** Resolves when no sender waits for an answer, or after `maxMs`: what can wait lets them go first. */
  whenQuiet(maxMs: number): Promise<void>;
  /** Waits for what was submitted. */
  drain(): Promise<void>;
}

interface Item {
  readonly delivery: Delivery;
  readonly meta: AcceptMeta;
}

/** Deliveries that share one disk sync, and what may wait for one, in number and in bytes of their bodies. */
const LIMITS = {
  maxBatch: 256,
  maxWaiting: 2_000,
  maxBytes: 64 * 1024 * 1024,
  sizeOf: ({ delivery }: Item): number => delivery.body.byteLength,
  // Senders spread one delivery, and the jobs of one run, over all replicas within moments.
  keysOf: ({ delivery, meta }: Item): readonly string[] => [
    `digest ${delivery.digest}`,
    ...(delivery.externalId === null ? [] : [`sender ${delivery.externalId}`]),
    ...meta.signals.map(({ repository }) => `repository ${repository?.toLowerCase() ?? ''}`),
  ],
};
/** Undecided deliveries taken up in one go. */
const LEFTOVERS = 100;

interface Kept {
  readonly deliveryId: string;
  readonly disposition: Disposition;
  readonly steps: readonly Step[];
  readonly isFirst: boolean;
  readonly within: DecidedWithin;
}

const UNDECIDED: Disposition = {
  status: 'accepted',
  dedupStatus: 'new',
  remediationId: null,
  reason: reason('decision_failed'),
};

/** Keeps deliveries and decides about them: one transaction for both, one disk sync for many. */
export function createAcceptor(options: AcceptorOptions): Acceptor {
  const { store, machine, decide, clock, onError } = options;

  const keep = async (tx: Tx, { delivery, meta }: Item, guard: Guard): Promise<Kept> => {
    const twin = await findTwin(tx, delivery);
    if (twin !== null) return again(twin);
    const from = clock();
    const decided = await decideApart({ delivery, meta }, tx, guard);
    const within = { from, to: clock() };
    // An error here undoes the decision as well: nothing is kept half.
    if (!(await insertDelivery(tx, delivery, decided?.disposition ?? null, clock()))) {
      // Another process stored the same delivery since the look-up; its answer is the answer, and ours is undone.
      throw new LostRace();
    }
    const { disposition, steps } = decided ?? { disposition: UNDECIDED, steps: [] };
    return { deliveryId: delivery.id, disposition, steps, isFirst: true, within };
  };

  /** Null when deciding threw: that is undone as a whole, and what was delivered is kept all the same. */
  const decideApart = async ({ delivery, meta }: Item, tx: Tx, guard: Guard): Promise<Decided | null> => {
    try {
      return await guard(() => decide(tx, meta.signals, meta.ignored));
    } catch (error) {
      if (isLostRace(error) || error instanceof UnguardedError) throw error;
      onError('deciding about a delivery failed', { delivery: delivery.id, error: messageOf(error) });
      return null;
    }
  };

  const commits = createGroupCommit(store, keep, LIMITS);
  let underWay = 0;
  let onQuiet = (): void => {};
  // Between two batches of a storm nobody waits for a moment: the next requests are in their sockets already.
  const tellQuiet = (): void => {
    if (underWay === 0) onQuiet();
  };
  const leave = (): void => {
    underWay -= 1;
    if (underWay === 0) setImmediate(tellQuiet);
  };

  const settle = (delivery: Delivery, kept: Kept): void => {
    if (!kept.isFirst) return;
    for (const step of kept.steps) machine.publish(step);
    options.onDecided(delivery, kept.disposition, kept.within);
  };

  return {
    accept: async (delivery, meta) => {
      underWay += 1;
      const submitted = commits.submit({ delivery, meta }).then(
        (kept) => {
          leave();
          settle(delivery, kept);
          return kept;
        },
        (error: unknown) => {
          leave();
          throw error;
        },
      );
      const kept = await inTime(submitted, options.patienceMs ?? PATIENCE_MS).catch((error: unknown) => {
        throw refusal(error);
      });
      return answer(kept, await remediationOf(options, kept, meta.preferWaitMs));
    },

    decideLeftovers: async () => {
      const deliveries = await undecidedDeliveries(store.db, LEFTOVERS);
      let count = 0;
      for (const delivery of deliveries) {
        if (await decideLeftover(options, delivery)) count += 1;
      }
      return count;
    },

    whenQuiet: (maxMs) => {
      if (underWay === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, maxMs);
        onQuiet = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },

    drain: () => commits.drain(),
  };
}

/** The store tries a transaction again that ends with this code. */
class LostRace extends Error {
  readonly code = '40001';
}

function again(twin: StoredDelivery): Kept {
  return {
    deliveryId: twin.id,
    disposition: twin.disposition ?? UNDECIDED,
    steps: [],
    isFirst: false,
    within: { from: 0, to: 0 },
  };
}

/**
 * GitHub waits ten seconds for an answer. A store that hangs is answered for before that; what it may still commit is
 * found when the sender sends it again.
 */
const PATIENCE_MS = 8_000;

class TooSlow extends Error {}

function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TooSlow(`The store did not commit within ${ms} ms.`)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function refusal(error: unknown): Error {
  if (error instanceof QueueFullError) return new Overloaded(1);
  return new StoreUnavailable({ cause: error });
}

async function decideLeftover(options: AcceptorOptions, delivery: StoredDelivery): Promise<boolean> {
  const { store, machine, decide, clock } = options;
  try {
    const { signals, ignored } = options.interpret(delivery);
    const from = clock();
    const decided = await store.transaction(async (tx) => {
      const result = await decide(tx, signals, ignored);
      await decideDelivery(tx, delivery.id, result.disposition, clock());
      return result;
    });
    for (const step of decided.steps) machine.publish(step);
    options.onDecided(delivery, decided.disposition, { from, to: clock() });
    options.wake();
    return true;
  } catch (error) {
    // Another replica was faster.
    if (error instanceof AlreadyDecidedError) return false;
    options.onError('deciding about a delivery failed again', { delivery: delivery.id, error: messageOf(error) });
    await countDeliveryFailure(store.db, delivery.id);
    return false;
  }
}

/** The remediation to answer with: as the decision left it, unless the sender wants to wait or it was decided before. */
async function remediationOf(options: AcceptorOptions, kept: Kept, waitMs: number): Promise<Remediation | null> {
  const { remediationId } = kept.disposition;
  if (remediationId === null) return null;
  const step = kept.steps.findLast(({ after }) => after.id === remediationId);
  return step !== undefined && waitMs <= 0 ? step.after : awaitRun(options, remediationId, waitMs);
}

/** How often somebody who waits is looked for in the store, in milliseconds: another replica may do the work. */
const LOOK_AGAIN_MS = 1_000;

/** Waits up to `waitMs` until agent and CodeRun are known (RFC 7240 `wait`); the state as it is then. */
async function awaitRun({ store, machine }: AcceptorOptions, id: string, waitMs: number): Promise<Remediation | null> {
  const settled = (remediation: Remediation | null): boolean =>
    remediation === null ||
    isTerminal(remediation.phase) ||
    remediation.attempts.some((attempt) => attempt.codeRunName !== null);
  let current = await findRemediation(store.db, id);
  if (waitMs <= 0 || settled(current)) return current;
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      clearInterval(looks);
      stop();
      resolve(current);
    };
    const look = (): void => {
      void findRemediation(store.db, id).then((latest) => {
        current = latest;
        if (settled(latest)) finish();
      }, finish);
    };
    const stop = machine.subscribe((step) => {
      if (step.after.id !== id) return;
      current = step.after;
      if (settled(current)) finish();
    });
    const timer = setTimeout(finish, waitMs);
    const looks = setInterval(look, LOOK_AGAIN_MS);
    // It may have moved between the first look and the subscription.
    look();
  });
}

function answer(kept: Kept, remediation: Remediation | null): AcceptedAnswer {
  return {
    deliveryId: kept.deliveryId,
    disposition: kept.disposition,
    taskId: remediation?.taskId ?? null,
    agent: remediation?.agent ?? null,
    failureType: remediation?.failureType ?? null,
    codeRunName: remediation?.attempts.at(-1)?.codeRunName ?? null,
  };
}
