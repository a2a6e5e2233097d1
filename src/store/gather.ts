/** Whoever came first waits for at most so many turns of the loop. */
const MAX_TURNS = 4;

/**
 * Waits for turns of the loop, as long as each brings more, so that requests that are in their sockets already share a sync
 * of the disk: it costs the disk and the processor much the same for one as for many.
 * @param waiting how many wait at the moment
 * @param enough when nobody else has to come
 */
export async function gather(waiting: () => number, enough = Number.POSITIVE_INFINITY): Promise<void> {
  let before = -1;
  for (let turn = 0; turn < MAX_TURNS && waiting() > before && waiting() < enough; turn += 1) {
    before = waiting();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
