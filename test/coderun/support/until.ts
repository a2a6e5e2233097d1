import { setTimeout as sleep } from 'node:timers/promises';

type Maybe<T> = T | null | undefined | false;

/** Looks until something is there; a test that waits in vain fails by its own time-out. */
export async function until<T>(look: () => Maybe<T> | Promise<Maybe<T>>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    await sleep(20);
  }
}
