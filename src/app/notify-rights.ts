import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Access } from '../lib/github/access.ts';
import { openSubjects } from '../store/notices.ts';
import type { Store } from '../store/open.ts';
import type { Notices } from './notify.ts';
import { RIGHTS, rightsBack, rightsLost } from './notify-text.ts';

export interface RightsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly notices: Notices;
  readonly onError: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

export interface Rights {
  /** Hears what a request said; what people are to be told of it is written down behind it. */
  heard(access: Access): void;
  /** Takes up what was told before a restart. */
  recall(): Promise<void>;
  /** Waits for what is being written down. */
  settled(): Promise<void>;
}

/** Any request that succeeds shows that it is over; of a single right only the same request does. */
const ANY = '*';

/** Tells people when GitHub refuses Healer in a repository, once, and when it lets it in again. */
export function watchRights({ store, clock, notices, onError }: RightsOptions): Rights {
  /** What is refused in each repository, by route. */
  const refused = new Map<string, Set<string>>();
  let writing: Promise<void> = Promise.resolve();

  const write = (work: () => Promise<void>): void => {
    writing = writing.then(work).catch((error: unknown) => {
      onError('lost rights could not be written down', { error: messageOf(error) });
    });
  };

  const lost = ({ repository, route, refusal }: Access): void => {
    const key = repository.toLowerCase();
    const known = refused.get(key);
    const isNew = known === undefined;
    const routes = known ?? new Set<string>();
    routes.add(refusal?.startsWith('403') === true ? route : ANY);
    refused.set(key, routes);
    if (!isNew || refusal === null) return;
    const item = rightsLost(repository, refusal);
    // All repositories are one message: a token that is gone is gone everywhere.
    const telling = { kind: 'rights', repository: null, item, isNews: true } as const;
    write(() => store.transaction((tx) => notices.tell(tx, telling, clock())));
  };

  const had = ({ repository, route }: Access): void => {
    const key = repository.toLowerCase();
    const routes = refused.get(key);
    if (routes === undefined) return;
    routes.delete(route);
    routes.delete(ANY);
    if (routes.size > 0) return;
    refused.delete(key);
    write(() => store.transaction((tx) => notices.change(tx, `${RIGHTS}${key}`, rightsBack, clock())));
  };

  return {
    heard: (access) => (access.refusal === null ? had(access) : lost(access)),
    recall: async () => {
      for (const key of await openSubjects(store.db, RIGHTS)) {
        const repository = key.slice(RIGHTS.length);
        // Which request it was is not known any more; if it is refused again, that is told anew.
        if (!refused.has(repository)) refused.set(repository, new Set([ANY]));
      }
    },
    settled: () => writing,
  };
}
