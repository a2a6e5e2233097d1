import type { Actor, ReviewSignal } from '../../../model/signal.ts';
import type { App } from './schema.ts';

const SUFFIX = '[bot]';

/**
 * The App that an account is. A Bot's login is its App's slug and `[bot]`, which no person's login can be; the id
 * is known only where GitHub names the App beside the account.
 */
export function appOf(account: Actor | null, via: App): ReviewSignal['app'] {
  if (via !== null) return { id: via.id, slug: via.slug };
  if (account?.type !== 'Bot' || !account.login.endsWith(SUFFIX)) return null;
  return { id: null, slug: account.login.slice(0, -SUFFIX.length) };
}
