import type { Clock } from '../lib/clock.ts';
import { messageOf, PermanentError } from '../lib/errors.ts';
import type { AppDeliveries, HookDelivery } from '../lib/github/app-deliveries.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** GitHub keeps deliveries for three days; the last two hours of it are left for asking. */
const REACH_MS = 70 * HOUR;
/** Events that are asked for in one round; the rest follow in the next ones. */
const PER_ROUND = 50;
/** Attempts after which GitHub is not asked again; its own list counts them, so that a restart forgets none. */
const MAX_ATTEMPTS = 6;
/** Wait after the first failed attempt; doubles with each further one. */
const FIRST_WAIT_MS = MINUTE;
/** What was asked for shows in GitHub's list soon, but not at once. */
const ASKED_MS = 10 * MINUTE;
/** Answers of ours that would be the same again: the body itself was refused. */
const HOPELESS = new Set([400, 413, 415]);

export interface Asked {
  readonly times: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Situation {
  /** As GitHub lists them, in any order; an event may be in it several times. */
  readonly attempts: readonly HookDelivery[];
  /** Events that Healer has, although GitHub may have seen no answer in time. */
  readonly kept: ReadonlySet<string>;
  /** What this process asked for, by event. */
  readonly asked: ReadonlyMap<string, Asked>;
  readonly isWanted: (event: string) => boolean;
  readonly now: number;
}

/**
 * Which events GitHub should deliver once more, named by their latest attempt, the oldest first: those that failed each
 * time, that Healer has a use for and does not have, and that were not tried too often or too recently. Pure.
 */
export function selectRedeliveries(situation: Situation): readonly HookDelivery[] {
  const { attempts, kept, asked, isWanted, now } = situation;
  const chosen: HookDelivery[] = [];
  for (const [guid, all] of Map.groupBy(attempts, (attempt) => attempt.guid)) {
    const latest = all.toSorted((a, b) => b.deliveredAt - a.deliveredAt)[0];
    if (latest === undefined || kept.has(guid) || !isWanted(latest.event)) continue;
    if (now - latest.deliveredAt > REACH_MS || HOPELESS.has(latest.statusCode) || all.some(hasArrived)) continue;
    const before = asked.get(guid);
    if (Math.max(all.length, (before?.times ?? 0) + 1) >= MAX_ATTEMPTS) continue;
    if (now - latest.deliveredAt < FIRST_WAIT_MS * 2 ** (all.length - 1)) continue;
    if (before !== undefined && now - before.at < ASKED_MS) continue;
    chosen.push(latest);
  }
  return chosen.toSorted((a, b) => a.deliveredAt - b.deliveredAt).slice(0, PER_ROUND);
}

const hasArrived = ({ statusCode }: HookDelivery): boolean => statusCode >= 200 && statusCode < 400;

export interface RedeliveryOptions {
  readonly deliveries: AppDeliveries;
  /** Which of these events Healer has. */
  readonly kept: (guids: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly isWanted: (event: string) => boolean;
  readonly clock: Clock;
  /** In [0, 1): spreads the rounds of several replicas. */
  readonly random: () => number;
  readonly onAsked: (fields: { readonly events: number; readonly failed: number }) => void;
  readonly onError: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

export interface Redelivery {
  start(): void;
  /** One round; gives the number of events that were asked for. Throws when GitHub's list cannot be read. */
  round(): Promise<number>;
  stop(): Promise<void>;
}

/** Time between two rounds, and before the first: long enough for a service that just starts to be reachable. */
const EVERY_MS = 5 * MINUTE;
const FIRST_MS = 20 * SECOND;
/** Rounds come up to this part earlier or later. */
const JITTER = 0.2;

/** Asks GitHub, from time to time, for what it could not deliver. */
export function createRedelivery(options: RedeliveryOptions): Redelivery {
  const { deliveries, clock, onError } = options;
  const asked = new Map<string, Asked>();
  let timer: NodeJS.Timeout | null = null;
  let underWay: Promise<unknown> = Promise.resolve();
  let isStopped = false;

  const ask = async ({ id, guid }: HookDelivery): Promise<boolean> => {
    const before = asked.get(guid)?.times ?? 0;
    try {
      await deliveries.redeliver(id);
      asked.set(guid, { times: before + 1, at: clock() });
      return true;
    } catch (error) {
      // GitHub does not have it any more, or does not want to: not asked for again.
      asked.set(guid, { times: error instanceof PermanentError ? MAX_ATTEMPTS : before + 1, at: clock() });
      onError('a missed delivery could not be asked for', { delivery: guid, error: messageOf(error) });
      return false;
    }
  };

  const round = async (): Promise<number> => {
    const now = clock();
    const since = now - REACH_MS;
    const attempts = await deliveries.failedSince(since);
    for (const [guid, { at }] of asked) if (at < since) asked.delete(guid);
    const kept = await options.kept([...new Set(attempts.map(({ guid }) => guid))]);
    const chosen = selectRedeliveries({ attempts, kept, asked, isWanted: options.isWanted, now });
    let [count, failed] = [0, 0];
    for (const attempt of chosen) {
      // The client lets about one of these through in a second; a service that stops does not wait for the rest.
      if (isStopped) break;
      if (await ask(attempt)) count += 1;
      else failed += 1;
    }
    if (chosen.length > 0) options.onAsked({ events: count, failed });
    return count;
  };

  const plan = (ms: number): void => {
    timer = setTimeout(
      () => {
        underWay = round()
          .catch((error: unknown) => onError('missed deliveries could not be read', { error: messageOf(error) }))
          .finally(() => {
            if (!isStopped) plan(EVERY_MS);
          });
      },
      ms * (1 + JITTER * (2 * options.random() - 1)),
    );
    timer.unref();
  };

  return {
    start: () => plan(FIRST_MS),
    round,
    stop: async () => {
      isStopped = true;
      clearTimeout(timer ?? undefined);
      await underWay;
    },
  };
}
