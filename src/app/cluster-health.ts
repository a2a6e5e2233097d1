import type { ElectionView } from '../coderun/reconcile/leader.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { ReadinessCheck } from '../report/api.ts';
import { DEFINITION_ADVICE, type DefinitionState } from './cluster-definition.ts';
import { type RefusedRight, sayRights } from './cluster-rights.ts';

/** What readiness asks of the cluster. */
export interface ClusterQuestions {
  rights(): Promise<readonly RefusedRight[]>;
  definition(): Promise<DefinitionState>;
  /** Only the process that leads watches. */
  isLeading(): boolean;
  /** When the API server last said anything to the engine's watch; null before it first did. Milliseconds since the epoch. */
  lastHeardAt(): number | null;
  /** What is known of who leads; null where nobody else can. */
  leader(): ElectionView | null;
}

export interface ClusterHealthOptions {
  readonly ask: ClusterQuestions;
  readonly namespace: string;
  readonly clock: Clock;
  /** A lease that was not seen for so long says nothing about who leads, in milliseconds. */
  readonly leaseMs: number;
  /** An answer of the API server that went well serves this long; one that did not, a tenth of it. */
  readonly goodForMs?: number;
}

const GOOD_FOR_MS = 60_000;
/** Bookmarks come about every minute, and a watch that is silent for 150 s is opened anew; this is past both. */
export const WATCH_SILENT_MS = 240_000;

/**
 * Checks for `/ready`: the rights, the definition of CodeRuns, the watch and the leader. Probes come every few seconds, so
 * the API server is asked again only now and then, sooner while something is wrong: a definition or a right that comes
 * later is noticed.
 */
export function createClusterHealth(options: ClusterHealthOptions): () => Promise<readonly ReadinessCheck[]> {
  const { ask, namespace } = options;
  const rights = remembered(options, async () => rightsCheck(await ask.rights(), namespace));
  const definition = remembered(options, async () => definitionCheck(await ask.definition()));
  return async () => [
    await orUnreachable('rights', rights()),
    await orUnreachable('definition', definition()),
    ask.isLeading() ? watchCheck(ask.lastHeardAt(), options.clock()) : WATCHED_ELSEWHERE,
    leaderCheck(ask.leader(), options.leaseMs),
  ];
}

const WATCHED_ELSEWHERE: ReadinessCheck = { name: 'watch', ok: true, detail: 'the replica that leads watches' };

export function rightsCheck(refused: readonly RefusedRight[], namespace: string): ReadinessCheck {
  if (refused.length === 0) return { name: 'rights', ok: true, detail: `everything is allowed in ${namespace}` };
  return { name: 'rights', ok: false, detail: `not allowed in namespace ${namespace}: ${sayRights(refused)}` };
}

const MAX_FIELDS = 8;

export function definitionCheck(found: DefinitionState): ReadinessCheck {
  const name = 'definition';
  if (found.state === 'fits') return { name, ok: true, detail: 'CodeRuns are served with every field that is used' };
  if (found.state === 'absent') {
    const others = found.served.length === 0 ? '' : ` (versions served: ${found.served.join(', ')})`;
    return { name, ok: false, detail: `CodeRuns are not served in version v1${others}; run: ${DEFINITION_ADVICE}` };
  }
  const shown = found.lacks.slice(0, MAX_FIELDS).join(', ');
  const more = found.lacks.length > MAX_FIELDS ? ` and ${found.lacks.length - MAX_FIELDS} more` : '';
  return {
    name,
    ok: false,
    detail: `the definition of CodeRuns lacks ${shown}${more}; what is written there is lost. Run: ${DEFINITION_ADVICE}`,
  };
}

export function watchCheck(lastHeardAt: number | null, now: number): ReadinessCheck {
  if (lastHeardAt === null) {
    return { name: 'watch', ok: false, detail: 'the engine has not heard of the API server yet' };
  }
  const ageMs = Math.max(0, now - lastHeardAt);
  const detail = `the API server was last heard ${Math.round(ageMs / 1_000)} s ago`;
  return { name: 'watch', ok: ageMs < WATCH_SILENT_MS, detail };
}

export function leaderCheck(view: ElectionView | null, leaseMs: number): ReadinessCheck {
  const name = 'leader';
  if (view === null) return { name, ok: true, detail: 'this process is alone and leads' };
  const { self, holder, ageMs } = view;
  if (ageMs === null || ageMs > 2 * leaseMs) {
    return { name, ok: false, detail: 'the lease could not be read; who leads is not known' };
  }
  if (holder === null) return { name, ok: false, detail: 'nobody leads yet' };
  return { name, ok: true, detail: holder === self ? 'this process leads' : `${holder} leads` };
}

async function orUnreachable(name: string, check: Promise<ReadinessCheck>): Promise<ReadinessCheck> {
  try {
    return await check;
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) };
  }
}

/** One question at a time, and its answer for a while. What went well stays good while the API server does not answer. */
function remembered(
  { clock, goodForMs = GOOD_FOR_MS }: ClusterHealthOptions,
  look: () => Promise<ReadinessCheck>,
): () => Promise<ReadinessCheck> {
  let known: { readonly check: ReadinessCheck; readonly until: number } | null = null;
  let asking: Promise<ReadinessCheck> | null = null;
  const ask = async (): Promise<ReadinessCheck> => {
    try {
      const check = await look();
      known = { check, until: clock() + (check.ok ? goodForMs : goodForMs / 10) };
      return check;
    } catch (error) {
      // That the API server is away is the watch's business: rights do not go with it.
      if (known?.check.ok) return known.check;
      throw error;
    } finally {
      asking = null;
    }
  };
  return () => {
    if (known !== null && clock() < known.until) return Promise.resolve(known.check);
    asking ??= ask();
    return asking;
  };
}
