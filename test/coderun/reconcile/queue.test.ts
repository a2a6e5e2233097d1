import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWorkQueue, type WorkQueueOptions } from '../../../src/coderun/reconcile/queue.ts';
import { RetryableError } from '../../../src/lib/errors.ts';

/** Timers that ring when told to. */
function fakeTimers() {
  const timers: { ms: number; run: () => void; isOff: boolean }[] = [];
  return {
    pending: () => timers.filter((timer) => !timer.isOff).map((timer) => timer.ms),
    ring() {
      for (const timer of timers.splice(0)) if (!timer.isOff) timer.run();
    },
    schedule: (ms: number, run: () => void) => {
      const timer = { ms, run, isOff: false };
      timers.push(timer);
      return () => {
        timer.isOff = true;
      };
    },
  };
}

function queueOf(work: WorkQueueOptions['work'], change: Partial<WorkQueueOptions> = {}) {
  const timers = fakeTimers();
  const errors: number[] = [];
  const queue = createWorkQueue({
    work,
    onError: (_key, _error, retryInMs) => errors.push(retryInMs),
    concurrency: 2,
    schedule: timers.schedule,
    random: () => 0.5,
    ...change,
  });
  return { queue, timers, errors };
}

describe('the work queue', () => {
  it('makes one look of many requests and another when asked during the look', async () => {
    let looks = 0;
    const gate = Promise.withResolvers<void>();
    const { queue } = queueOf(async () => {
      looks += 1;
      if (looks === 1) await gate.promise;
      return null;
    });
    queue.add('a');
    for (let i = 0; i < 5; i += 1) queue.add('a');
    gate.resolve();
    await queue.drain();
    expect(looks).toBe(2);
  });

  it('backs off further with each failure and starts over after a success', async () => {
    let failing = true;
    const { queue, timers, errors } = queueOf(async () => {
      if (failing) throw new Error('no');
      return null;
    });
    queue.add('a');
    await queue.drain();
    for (let i = 0; i < 3; i += 1) {
      timers.ring();
      await queue.drain();
    }
    expect(errors).toEqual([150, 300, 600, 1200]);
    failing = false;
    timers.ring();
    await queue.drain();
    failing = true;
    queue.add('a');
    await queue.drain();
    expect(errors.at(-1)).toBe(150);
  });

  it('waits as long as the other side asks for', async () => {
    const { queue, timers } = queueOf(() => Promise.reject(new RetryableError('later', { retryAfterMs: 7000 })));
    queue.add('a');
    await queue.drain();
    expect(timers.pending()).toEqual([7000]);
  });

  it('does not let a failing look’s own writes cut its pause short', async () => {
    let looks = 0;
    const { queue, timers } = queueOf(async (key) => {
      looks += 1;
      queue.add(key);
      throw new Error('no');
    });
    queue.add('a');
    await queue.drain();
    expect(looks).toBe(1);
    expect(timers.pending()).toHaveLength(1);
  });

  it('comes again at the stated time, or at once when something happens before', async () => {
    let looks = 0;
    const { queue, timers } = queueOf(async () => {
      looks += 1;
      return 5000;
    });
    queue.add('a');
    await queue.drain();
    expect(timers.pending()).toEqual([5000]);
    queue.add('a');
    await queue.drain();
    expect(looks).toBe(2);
    expect(timers.pending()).toEqual([5000]);
  });

  it('tells whoever asked for a look how it went', async () => {
    const { queue } = queueOf(async (key) => {
      if (key === 'bad') throw new Error('broken');
      return null;
    });
    await expect(queue.run('good')).resolves.toBeUndefined();
    await expect(queue.run('bad')).rejects.toThrow('broken');
  });

  it('takes nothing after the stop and waits for what is under way', async () => {
    const gate = Promise.withResolvers<void>();
    const seen: string[] = [];
    const { queue } = queueOf(
      async (key) => {
        await gate.promise;
        seen.push(key);
        return 10;
      },
      { concurrency: 1 },
    );
    queue.add('a');
    const waiting = queue.run('b');
    let isStopped = false;
    const stopped = queue.stop().then(() => {
      isStopped = true;
    });
    await expect(waiting).rejects.toThrow('stopped');
    expect(isStopped).toBe(false);
    gate.resolve();
    await stopped;
    queue.add('c');
    await expect(queue.run('d')).rejects.toThrow('stopped');
    expect(seen).toEqual(['a']);
  });

  it('never looks at one name twice at once, nor at more names than it may, and never forgets one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), fails: fc.boolean() }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        async (requests, concurrency) => {
          const busy = new Set<string>();
          const violations: string[] = [];
          const asked = new Map<string, number>();
          const seen = new Map<string, number>();
          const fails = requests.map((request) => request.fails);
          const { queue, timers } = queueOf(
            async (key) => {
              if (busy.has(key)) violations.push(`${key} twice`);
              busy.add(key);
              if (busy.size > concurrency) violations.push(`${busy.size} at once`);
              const version = asked.get(key) ?? 0;
              await Promise.resolve();
              await Promise.resolve();
              busy.delete(key);
              if (fails.pop() === true) throw new Error('no');
              seen.set(key, version);
              return null;
            },
            { concurrency },
          );
          for (const [index, { key }] of requests.entries()) {
            asked.set(key, index + 1);
            queue.add(key);
            if (index % 3 === 0) await Promise.resolve();
          }
          await queue.drain();
          while (timers.pending().length > 0) {
            timers.ring();
            await queue.drain();
          }
          expect(violations).toEqual([]);
          expect(seen).toEqual(asked);
        },
      ),
      { numRuns: 200 },
    );
  });
});
