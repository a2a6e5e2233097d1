import type { Self } from '../source.ts';
import type { App } from './schema.ts';

const OWN_NAME = 'healer';
/** Jobs are checks of this App; a job may well be called Healer. */
const ACTIONS = 'github-actions';

/** Whether a check was made by Healer: by App id where it is known, and by name, because Healer may work with a token. */
export function isOwnApp(app: App, self: Self): boolean {
  return app !== null && ((self.appId !== null && app.id === self.appId) || app.slug === OWN_NAME);
}

/** The same for a single check, which also tells by its name: `Healer`, or a status context `healer/…`. */
export function isOwnCheck(name: string, app: App, self: Self): boolean {
  if (isOwnApp(app, self)) return true;
  const lower = name.toLowerCase();
  return app?.slug !== ACTIONS && (lower === OWN_NAME || lower.startsWith(`${OWN_NAME}/`));
}
