import type { Octokit } from '@octokit/core';
import { pause } from './pause.ts';

export interface RetryRules {
  /** Tries after the first one; a request may say otherwise by `request.retries`. */
  readonly retries: number;
  /** Milliseconds; the waits are 1, 4, 9 times this. */
  readonly baseMs: number;
  /** Statuses that another try does not change. */
  readonly never: readonly number[];
}

interface Failure {
  readonly status?: unknown;
  /** Only on errors about a request that was sent. */
  readonly request?: unknown;
}

/**
 * Sends a request again that GitHub or the network failed. Octokit's own plugin does the same with a queue and its
 * timers for each request, which costs more than sending it.
 */
export function retryFailures(octokit: Pick<Octokit, 'hook'>, { retries, baseMs, never }: RetryRules): void {
  octokit.hook.wrap('request', async (request, options) => {
    for (let count = 0; ; count += 1) {
      try {
        return await request(options);
      } catch (error) {
        const { status, request: sent } = error as Failure;
        const mayHelp = typeof status === 'number' && status >= 400 && sent !== undefined && !never.includes(status);
        const { retries: limit = retries, signal } = (options.request ?? {}) as {
          retries?: number;
          signal?: AbortSignal;
        };
        if (!mayHelp || count >= limit || signal?.aborted === true) throw error;
        await pause((count + 1) ** 2 * baseMs, signal);
      }
    }
  });
}
