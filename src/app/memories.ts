import { createMemories, type Memories } from '../learn/memories/index.ts';
import { openMemory } from '../learn/memories/openmemory/index.ts';
import { storeMemory } from '../learn/memories/store/index.ts';
import { messageOf } from '../lib/errors.ts';
import { contextHttp } from './context-systems.ts';
import type { Foundation } from './foundation.ts';

/** The store's memory, and an OpenMemory server's where one is set; the second is never waited for long. */
export function memoriesOf({
  store,
  settings,
  clock,
  log,
}: Pick<Foundation, 'store' | 'settings' | 'clock' | 'log'>): Memories {
  const { url, token = null, userId, timeMs } = settings.openMemory;
  const others = url === undefined ? [] : [openMemory(contextHttp(settings), { url, token, userId, clock })];
  return createMemories({
    first: storeMemory(store),
    others,
    timeMs,
    onTrouble: (memory, doing, error) =>
      log.warn({ memory, doing, error: messageOf(error) }, 'a memory gave no answer'),
  });
}
