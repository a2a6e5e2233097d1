import type { Clock } from '../lib/clock.ts';
import type { Store } from '../store/open.ts';
import { createNotices, type Notices } from './notify.ts';
import { isFor, notifyTargets, type Target } from './notify-targets.ts';
import type { Places } from './notify-text.ts';
import type { Settings } from './settings.ts';

/** Who is told, and what writes down what they are to be told. */
export interface Notifications {
  readonly targets: readonly Target[];
  readonly notices: Notices;
}

export function createNotifications(
  settings: Settings,
  { store, clock, newId }: { readonly store: Store; readonly clock: Clock; readonly newId: () => string },
): Notifications {
  const targets = notifyTargets(settings, clock);
  const notices = createNotices({
    dialect: store.dialect,
    listeners: targets.map(({ notifier: { name, edits }, filter }) => ({
      name,
      edits,
      wants: (notice) => isFor(filter, notice),
    })),
    places: placesOf(settings),
    newId,
    groupMs: settings.notifications.groupSeconds * 1_000,
  });
  return { targets, notices };
}

/** Where people see what is told about. */
export function placesOf({ publicUrl, github }: Pick<Settings, 'publicUrl' | 'github'>): Places {
  const { protocol, host } = new URL(github.apiUrl);
  const web = `${protocol}//${host === 'api.github.com' ? 'github.com' : host}`;
  return {
    page: (id) => (publicUrl === undefined ? null : new URL(`/remediations/${id}`, publicUrl).href),
    pullRequest: (repository, number) => `${web}/${repository}/pull/${number}`,
  };
}
