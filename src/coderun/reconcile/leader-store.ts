import type { Clock } from '../../lib/clock.ts';
import { replaceSwitch } from '../../store/leases.ts';
import type { Store } from '../../store/open.ts';
import { readSwitch } from '../../store/switches.ts';
import type { LeasePort } from './leader.ts';
import type { LeaseContent, LeaseRecord } from './leader-decision.ts';

const KEY = 'lease:reconcile';

/** The lease of replicas that share a database and no cluster. What was read is the version. */
export function storeLease({ db }: Pick<Store, 'db'>, clock: Clock): LeasePort {
  return {
    async read(signal) {
      const text = await orAbort(readSwitch(db, KEY), signal);
      return text === null ? null : recordOf(text);
    },
    async write(content, over, signal) {
      const text = JSON.stringify(content);
      const isWritten = await orAbort(replaceSwitch(db, KEY, over, text, content.holder ?? '', clock()), signal);
      return isWritten ? recordOf(text) : null;
    },
  };
}

function recordOf(text: string): LeaseRecord {
  return { ...(JSON.parse(text) as LeaseContent), version: text };
}

/** A database that hangs must not keep the election from going on; what it still does is found at the next look. */
function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error('The database did not answer in time.'));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
