import pLimit from 'p-limit';
import { pause } from './pause.ts';

/** GitHub asks for no more than a hundred at once per account; Octokit's plugin allows ten per key, and so do we. */
const AT_ONCE = 10;

type Work = (...args: unknown[]) => Promise<unknown>;
type OnFailed = (error: unknown, info: { readonly args: readonly unknown[] }) => Promise<number | undefined>;

/** The plugin's limiters that space writes 1 s and comments 3 s apart, as GitHub asks for; here they pass at once. */
const PASS = { key: () => ({ schedule: (_job: unknown, work: () => unknown) => work() }) };

/**
 * What the throttling plugin is built on, lighter: its own queues serve clusters of processes too and cost more for each
 * read than sending it. What spaces writes apart stays the plugin's.
 * @param isUnpaced writes pass at once as well
 */
export function lightThrottle(isUnpaced: boolean): object {
  const limit = pLimit(AT_ONCE);
  let failed: OnFailed = async () => undefined;
  const retryLimiter = {
    on: (event: string, handler: OnFailed) => {
      if (event === 'failed') failed = handler;
    },
    schedule: async (work: Work, ...args: unknown[]): Promise<unknown> => {
      for (;;) {
        try {
          return await work(...args);
        } catch (error) {
          const waitMs = await failed(error, { args });
          if (typeof waitMs !== 'number') throw error;
          await pause(waitMs);
        }
      }
    },
  };
  const global = {
    key: () => ({ schedule: (_job: unknown, work: Work, ...args: unknown[]) => limit(() => work(...args)) }),
  };
  return { global, retryLimiter, ...(isUnpaced ? { write: PASS, notifications: PASS } : {}) };
}
