import type { TaskAnswer } from '../report/api/task-port.ts';
import type { Tx } from '../store/open.ts';
import { readLoad } from './load.ts';
import type { Settings } from './settings.ts';

type Refused = Extract<TaskAnswer, { kind: 'refused' }>;

/** How long a sender should wait while everything is busy, in seconds: runs take minutes. */
const BUSY_SECONDS = 60;

/** A list of repositories holds for tasks too; without one every repository is allowed. */
export function refuseRepository(repository: string, { repositories }: Settings): Refused | null {
  const name = repository.toLowerCase();
  const isAllowed = repositories.some((entry) => {
    const allowed = entry.toLowerCase();
    return allowed.endsWith('/*') ? name.startsWith(allowed.slice(0, -1)) : name === allowed;
  });
  if (repositories.length === 0 || isAllowed) return null;
  const detail = `${repository} is not among the repositories that this service may work on (setting repositories).`;
  return { kind: 'refused', status: 403, detail, errors: [{ path: 'repository_url', message: 'is not allowed here' }] };
}

export function refuseByMode({ mode }: Settings): Refused | null {
  if (mode === 'live') return null;
  const detail =
    mode === 'shadow'
      ? 'Healer runs in shadow mode: it decides and reports, but starts nothing. Set mode to live to have tasks worked on.'
      : 'Healer is paused by its settings (mode: paused) and starts nothing. Set mode to live and send this again.';
  return { kind: 'refused', status: 409, detail };
}

/** Pause and limits hold for tasks as for remediations; the breaker does not: a person asked. */
export async function refuseByLimits(
  tx: Tx,
  repository: string,
  settings: Settings,
  now: number,
): Promise<Refused | null> {
  const load = await readLoad(tx, settings, { id: '', repository }, now);
  if (load.paused) {
    const detail = `Spending is paused for ${repository}. Resume it (healer resume) and send this again.`;
    return { kind: 'refused', status: 409, detail };
  }
  if (load.running >= settings.maxConcurrentCodeRuns) {
    const detail = `${load.running} of ${settings.maxConcurrentCodeRuns} CodeRuns are running (maxConcurrentCodeRuns). Send this again when one has ended.`;
    return { kind: 'refused', status: 429, detail, retryAfter: BUSY_SECONDS };
  }
  const spent = load.allowances.find(({ used, limit }) => used >= limit);
  if (spent === undefined) return null;
  const isDaily = spent.code !== 'repository_at_capacity';
  const detail = `${spent.used} of ${spent.limit} ${spent.what}. Send this again ${isDaily ? 'tomorrow (UTC)' : 'when one has ended'}, or raise the limit.`;
  const day = 86_400_000;
  const retryAfter = isDaily ? Math.ceil((day - (now % day)) / 1000) : BUSY_SECONDS;
  return { kind: 'refused', status: 429, detail, retryAfter };
}
