import { sql } from 'kysely';
import type { Dialect } from './dialect.ts';
import { type Reader, type Store, type Tx, writeOne } from './open.ts';
import { prepared } from './prepared.ts';

export interface NewEffect {
  readonly key: string;
  readonly remediationId: string;
  readonly kind: string;
  readonly payload: unknown;
  readonly dueAt: number;
  /** Asking again for one that was done makes it due again; otherwise done is done. */
  readonly repeatable: boolean;
}

/** An effect that a worker holds. */
export interface ClaimedEffect {
  readonly key: string;
  readonly remediationId: string;
  readonly kind: string;
  readonly payload: unknown;
  readonly revision: number;
  readonly tries: number;
  /** The worker's hold on it ends then; after that another one may have it. */
  readonly leasedUntil: number;
}

interface Duty {
  readonly key: string;
  readonly remediationId: string;
  readonly kind: string;
  readonly payload: string;
  readonly dueAt: number;
  readonly now: number;
}

/** A duty, due at the earlier of both times when it is known. */
const plan = (ifKnown: 'again' | 'stays') =>
  prepared((db: Reader, duty: Duty) =>
    db
      .insertInto('effects')
      .values({
        key: duty.key,
        remediation_id: duty.remediationId,
        kind: duty.kind,
        payload: duty.payload,
        state: 'pending',
        due_at: duty.dueAt,
        revision: 1,
        tries: 0,
        leased_until: null,
        last_error: null,
        created_at: duty.now,
      })
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet((eb) => ({
          state: ifKnown === 'again' ? 'pending' : eb.ref('effects.state'),
          revision: eb('effects.revision', '+', 1),
          due_at: sql<number>`case when effects.state = 'pending' and effects.due_at < excluded.due_at then effects.due_at else excluded.due_at end`,
        })),
      ),
  );
const planAgain = plan('again');
const planOnce = plan('stays');

/** Writes duties down. One that is known becomes due at the earlier of both times. */
export async function planEffects(tx: Tx, effects: readonly NewEffect[], now: number): Promise<void> {
  for (const { repeatable, payload, ...effect } of effects)
    await (repeatable ? planAgain : planOnce).run(tx, { ...effect, payload: JSON.stringify(payload), now });
}

/**
 * Takes up to `limit` due effects for `leaseMs`, the longest overdue first, but whoever has been briefed before all who wait
 * to be: in a storm the first agents start while evidence for others is gathered. No other worker gets them until then.
 * Materialised, because PostgreSQL may otherwise run the selection more than once and lock more than `limit` rows.
 */
export async function claimEffects(
  store: Store,
  now: number,
  leaseMs: number,
  limit: number,
): Promise<readonly ClaimedEffect[]> {
  return writeOne(store, (db) => claimIn(db, store.dialect, now, leaseMs, limit));
}

async function claimIn(
  db: Reader,
  dialect: Dialect,
  now: number,
  leaseMs: number,
  limit: number,
): Promise<readonly ClaimedEffect[]> {
  const skipLocked = dialect === 'postgres' ? sql`for update skip locked` : sql``;
  const { rows } = await sql<{
    key: string;
    remediation_id: string;
    kind: string;
    payload: string;
    revision: number;
    tries: number;
    due_at: number;
  }>`
    with due as materialized (
      select key from effects
      where state = 'pending' and due_at <= ${now} and (leased_until is null or leased_until <= ${now})
      order by case when kind = 'spawn' then 0 else 1 end, due_at, key limit ${limit} ${skipLocked}
    )
    update effects set leased_until = ${now + leaseMs}, tries = tries + 1
    where key in (select key from due)
    returning key, remediation_id, kind, payload, revision, tries, due_at`.execute(db);
  // Neither database promises an order for what it returns.
  return rows
    .toSorted((a, b) => a.due_at - b.due_at || (a.key < b.key ? -1 : 1))
    .map((row) => ({
      key: row.key,
      remediationId: row.remediation_id,
      kind: row.kind,
      payload: JSON.parse(row.payload),
      revision: row.revision,
      tries: row.tries,
      leasedUntil: now + leaseMs,
    }));
}

/** Marks an effect as carried out; if it was asked for again meanwhile, it stays due. */
export async function finishEffect(
  tx: Reader,
  effect: ClaimedEffect,
  state: 'done' | 'dropped',
  note: string | null = null,
): Promise<void> {
  await tx
    .updateTable('effects')
    .set((eb) => ({
      state: eb.case().when('revision', '=', effect.revision).then(state).else(eb.ref('state')).end(),
      leased_until: eb
        .case()
        .when('leased_until', '=', effect.leasedUntil)
        .then(null)
        .else(eb.ref('leased_until'))
        .end(),
      tries: 0,
      last_error: note,
    }))
    .where('key', '=', effect.key)
    .execute();
}

/**
 * Puts an effect off; one that was asked for again meanwhile keeps its earlier time. Without effect when the lease ran
 * out and another worker has it.
 */
export async function postponeEffect(
  db: Reader,
  effect: ClaimedEffect,
  dueAt: number,
  error: string | null,
): Promise<void> {
  await db
    .updateTable('effects')
    .set((eb) => ({
      due_at: eb.case().when('revision', '=', effect.revision).then(dueAt).else(eb.ref('due_at')).end(),
      tries: error === null ? 0 : effect.tries,
      leased_until: null,
      last_error: error,
    }))
    .where('key', '=', effect.key)
    .where('leased_until', '=', effect.leasedUntil)
    .execute();
}

/** When the next effect is due, milliseconds since the epoch; null when none is. */
export async function nextEffectDue(db: Reader): Promise<number | null> {
  const pending = db.selectFrom('effects').where('state', '=', sql.lit('pending'));
  const free = await pending
    .select('due_at as at')
    .where('leased_until', 'is', null)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst();
  const held = await pending
    .select('leased_until as at')
    .where('leased_until', 'is not', null)
    .orderBy('leased_until')
    .limit(1)
    .executeTakeFirst();
  const times = [free?.at, held?.at].flatMap((at) => (at === null || at === undefined ? [] : [Number(at)]));
  return times.length === 0 ? null : Math.min(...times);
}

/** After a crash nobody is at work any more: what the process before held is due at once. Embedded store only. */
export async function releaseAllEffects(db: Reader): Promise<void> {
  await db.updateTable('effects').set({ leased_until: null }).where('state', '=', 'pending').execute();
}
