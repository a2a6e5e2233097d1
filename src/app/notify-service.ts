import { createNotices, type Notices } from './notify.ts';
import { type Rights, type RightsOptions, watchRights } from './notify-rights.ts';
import { isFor, notifyTargets, type Target } from './notify-targets.ts';
import type { Places } from './notify-text.ts';
import type { Settings } from './settings.ts';

/** Who is told, and what writes down what they are to be told. */
export interface Notifications {
  readonly targets: readonly Target[];
  readonly notices: Notices;
  /** Null when there is nobody to tell. */
  readonly rights: Rights | null;
}

export function createNotifications(
  settings: Settings,
  parts: Pick<RightsOptions, 'store' | 'clock' | 'onError'> & { readonly newId: () => string },
): Notifications {
  const { store, clock, newId } = parts;
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
  return { targets, notices, rights: targets.length === 0 ? null : watchRights({ ...parts, notices }) };
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
