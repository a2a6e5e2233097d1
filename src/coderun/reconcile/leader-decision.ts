/*
 * Who leads, judged from facts; nothing here reads a clock or asks anybody.
 *
 * A lease is a document that every contender can read and that is only written over the version that was read. Nobody
 * trusts a time that somebody else wrote down: a contender counts a lease as abandoned when the document has not changed
 * for its whole duration on the contender's own monotonic clock; a holder counts the time of its lease from before it
 * asked for the renewal, and stops a margin earlier. So clocks may show any time; only their speed must agree, to within
 * margin / duration (a third with the defaults).
 */

/** A lease as it is kept. Times in it are for people. */
export interface LeaseRecord {
  /** Null when it was given back. */
  readonly holder: string | null;
  /** After so many milliseconds without a renewal anybody may take it. */
  readonly durationMs: number;
  /** Milliseconds since the epoch, by the holder's wall clock. */
  readonly acquiredAt: number | null;
  readonly renewedAt: number | null;
  /** How often the holder changed. */
  readonly transitions: number;
  /** Changes with each write; a write names the one that it is based on. */
  readonly version: string;
}

/** What a holder writes. */
export type LeaseContent = Omit<LeaseRecord, 'version'>;

export interface ElectionPolicy {
  /** How long a lease holds without a renewal, in milliseconds. */
  readonly durationMs: number;
  /** The holder stops writing so long before that. */
  readonly marginMs: number;
  /** Pause between two renewals, or two looks at somebody else's lease. */
  readonly retryMs: number;
}

/** client-go's own figures: a lease of 15 s, given up 5 s early, renewed every 2 s. */
export const DEFAULT_ELECTION_POLICY: ElectionPolicy = { durationMs: 15_000, marginMs: 5_000, retryMs: 2_000 };

/** What a contender knows. Times are milliseconds of its own monotonic clock. */
export interface ElectionFacts {
  /** A name that no other process has, nor had. */
  readonly self: string;
  /** The lease as it was read last; null when there is none. */
  readonly record: LeaseRecord | null;
  /** When this version of the lease, or its absence, was seen first. */
  readonly seenAt: number;
  /** There was one that somebody else held, and it is gone: its holder has yet to find out. */
  readonly hasVanished: boolean;
  /** Until when we may write; null when we do not lead. */
  readonly heldUntil: number | null;
}

export type ElectionStep =
  /** Nobody has it, or whoever had it is silent for longer than its duration: write our name over this version. */
  | { readonly kind: 'acquire' }
  /** It is ours: write that we are still there. */
  | { readonly kind: 'renew' }
  /** We led and may not any more: stop writing, then contend like everybody. */
  | { readonly kind: 'step_down' }
  /** It is somebody else's until then at least. */
  | { readonly kind: 'wait'; readonly until: number };

/** The next step of a contender that knows `facts` at `now`, on its monotonic clock. */
export function nextElectionStep(facts: ElectionFacts, policy: ElectionPolicy, now: number): ElectionStep {
  const { self, record, seenAt, hasVanished, heldUntil } = facts;
  const isOurs = record?.holder === self;
  if (heldUntil !== null) return isOurs && now < heldUntil ? { kind: 'renew' } : { kind: 'step_down' };
  // Ours by name although we stepped down: nobody took it meanwhile, and the version tells when somebody does.
  if (isOurs || (record === null ? !hasVanished : record.holder === null)) return { kind: 'acquire' };
  // The writer's duration holds for the writer; one that is absurdly short must not let two of us quarrel.
  const until = seenAt + Math.max(record?.durationMs ?? 0, policy.durationMs);
  return now >= until ? { kind: 'acquire' } : { kind: 'wait', until };
}

/** What is written to take or to keep the lease. `wallNow` is milliseconds since the epoch. */
export function heldLease(
  { self, record }: Pick<ElectionFacts, 'self' | 'record'>,
  { durationMs }: ElectionPolicy,
  wallNow: number,
): LeaseContent {
  const isOurs = record?.holder === self;
  return {
    holder: self,
    durationMs,
    acquiredAt: isOurs ? (record.acquiredAt ?? wallNow) : wallNow,
    renewedAt: wallNow,
    transitions: record === null ? 0 : record.transitions + (isOurs ? 0 : 1),
  };
}

/** What is written to give it back. */
export function releasedLease(record: LeaseRecord, wallNow: number): LeaseContent {
  const { holder: _holder, version: _version, ...rest } = record;
  return { ...rest, holder: null, renewedAt: wallNow };
}

/** Until when a holder may write whose renewal was sent at `sentAt`, on its monotonic clock. */
export function heldUntil(sentAt: number, { durationMs, marginMs }: ElectionPolicy): number {
  return sentAt + durationMs - marginMs;
}
