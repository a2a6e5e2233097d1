import { messageOf } from '../lib/errors.ts';
import type { ReadinessCheck } from '../report/api.ts';
import type { Store } from '../store/open.ts';

export interface ReadinessDeps {
  readonly store: Store;
  /** False while the service starts or stops. */
  readonly isRunning: () => boolean;
  /** What must be right of the cluster and of who leads; nothing with an engine of one process. */
  readonly cluster?: () => Promise<readonly ReadinessCheck[]>;
}

/** What must be right before deliveries are worth sending here. */
export function createReadiness({
  store,
  isRunning,
  cluster = async () => [],
}: ReadinessDeps): () => Promise<readonly ReadinessCheck[]> {
  return async () => {
    const [stored, clustered] = await Promise.all([storeCheck(store), cluster()]);
    return [stored, loopsCheck(isRunning()), ...clustered];
  };
}

function loopsCheck(isRunning: boolean): ReadinessCheck {
  const detail = isRunning ? 'worker and reconciler run' : 'the service is starting or stopping';
  return { name: 'loops', ok: isRunning, detail };
}

async function storeCheck(store: Store): Promise<ReadinessCheck> {
  try {
    await store.ping();
    return { name: 'store', ok: true, detail: `${store.dialect} answers` };
  } catch (error) {
    return { name: 'store', ok: false, detail: messageOf(error) };
  }
}
