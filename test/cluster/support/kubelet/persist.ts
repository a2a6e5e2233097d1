import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../api.ts';

const PAUSE_MS = 250;

/**
 * Repeats a write until the API server has answered it; one that is away, restarting or overloaded is waited for. Gives null
 * when the object is gone. Other refusals are thrown.
 */
export async function persist<T>(write: () => Promise<T>): Promise<T | null> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (error instanceof ApiError) {
        if (error.status === 404) return null;
        if (error.status !== 429 && error.status < 500) throw error;
      }
      await delay(PAUSE_MS);
    }
  }
}
