import { describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/coderun/engine.ts';
import { fenceEngine } from '../../../src/coderun/reconcile/leader-fence.ts';
import { RetryableError } from '../../../src/lib/errors.ts';

const WRITES = ['patchStatus', 'ensureFiles', 'refreshCredentials', 'ensureJob', 'stopJob', 'cleanUp'] as const;
/** What every replica may do: the name is the lock of a create, and a cancel is only a wish. */
const FOR_ALL = [
  'create',
  'get',
  'glance',
  'listActive',
  'listExpired',
  'requestCancel',
  'watch',
  'observe',
  'output',
] as const;

function engineThatNotes() {
  const calls: string[] = [];
  const note = (name: string) => async () => void calls.push(name);
  const members = [...WRITES, ...FOR_ALL].map((name) => [name, note(name)]);
  return { calls, engine: Object.fromEntries([['kind', 'kubernetes'], ...members]) as unknown as Engine };
}

describe('the fence around an engine', () => {
  it('knows every member of the port: a new one has to be told apart here', () => {
    // A type error here means that Engine has grown.
    const known: Exclude<keyof Engine, (typeof WRITES)[number] | (typeof FOR_ALL)[number] | 'kind'>[] = [];
    expect(known).toEqual([]);
  });

  it.each(WRITES)('lets %s through only while leading, asked at that very moment', async (name) => {
    const { calls, engine } = engineThatNotes();
    let leads = true;
    const fenced = fenceEngine(engine, { isLeader: () => leads, subscribe: () => () => {} });
    const write = fenced[name] as (...given: unknown[]) => Promise<unknown>;
    await write();
    expect(calls).toEqual([name]);
    leads = false;
    await expect(write()).rejects.toThrow(RetryableError);
    expect(calls).toEqual([name]);
  });

  it.each(FOR_ALL)('lets %s through on every replica', async (name) => {
    const { calls, engine } = engineThatNotes();
    const fenced = fenceEngine(engine, { isLeader: () => false, subscribe: () => () => {} });
    await (fenced[name] as () => Promise<unknown>)();
    expect(calls).toEqual([name]);
    expect(fenced.kind).toBe('kubernetes');
  });
});
