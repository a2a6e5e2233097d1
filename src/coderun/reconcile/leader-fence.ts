import { RetryableError } from '../../lib/errors.ts';
import type { Engine } from '../engine.ts';
import type { Leadership } from './leadership.ts';

/** Somebody else may lead by now: what was about to be written was not. */
export function refuseUnlessLeader(leadership: Leadership, what: string): void {
  if (!leadership.isLeader()) throw new RetryableError(`${what} was left to whoever leads now: the lease ran out.`);
}

/**
 * The engine of a process that may stop leading in the middle of a look at a CodeRun, or be stopped there and go on
 * much later: leading is asked for again right before each write. What every replica may do (create, cancel, read) is
 * let through.
 */
export function fenceEngine<E extends Engine>(engine: E, leadership: Leadership): E {
  const writes = new Set<PropertyKey>([
    'patchStatus',
    'ensureFiles',
    'refreshCredentials',
    'ensureJob',
    'stopJob',
    'release',
    'cleanUp',
  ] satisfies (keyof Engine)[]);
  return new Proxy(engine, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      const call = member as (...given: unknown[]) => unknown;
      if (!writes.has(key)) return (...given: unknown[]) => call.apply(target, given);
      return async (...given: unknown[]) => {
        refuseUnlessLeader(leadership, String(key));
        return call.apply(target, given);
      };
    },
  });
}
