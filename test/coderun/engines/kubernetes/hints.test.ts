import { describe, expect, it } from 'vitest';
import { createHints } from '../../../../src/coderun/engines/kubernetes/hints.ts';
import type { Resources } from '../../../../src/coderun/engines/kubernetes/resources.ts';
import { RetryableError } from '../../../../src/lib/errors.ts';

const told = (uid: string, message: string, lastTimestamp: string) => ({
  metadata: { creationTimestamp: '2026-11-20T00:00:00Z' },
  involvedObject: { uid },
  reason: 'FailedMount',
  message,
  lastTimestamp,
});

function scene() {
  const world = { now: 0, lists: 0, isAway: false, events: [told('a', 'old', '2026-11-20T10:00:00Z')] };
  const coreEvents = {
    async list(onItem: (event: object) => void, selector: object) {
      expect(selector).toEqual({ fields: 'type=Warning' });
      world.lists += 1;
      if (world.isAway) throw new RetryableError('away');
      for (const event of world.events) onItem(event);
    },
  };
  const hints = createHints({ resources: { coreEvents } as unknown as Resources, clock: () => world.now });
  return { world, hints };
}

describe('what the platform tells of runs that wait', () => {
  it('is asked for once, however many wait, and gives each the newest', async () => {
    const { world, hints } = scene();
    world.events.push(told('a', 'new', '2026-11-20T11:00:00Z'), told('b', 'other', '2026-11-20T09:00:00Z'));
    const [a, b, none] = await Promise.all([hints.of('a'), hints.of('b'), hints.of('c')]);
    expect([a?.message, b?.message, none]).toEqual(['new', 'other', null]);
    expect(a?.reason).toBe('FailedMount');
    expect(world.lists).toBe(1);
  });

  it('is asked for again after a while', async () => {
    const { world, hints } = scene();
    await hints.of('a');
    world.events.push(told('a', 'new', '2026-11-20T11:00:00Z'));
    world.now = 9_999;
    expect((await hints.of('a'))?.message).toBe('old');
    world.now = 10_000;
    expect((await hints.of('a'))?.message).toBe('new');
    expect(world.lists).toBe(2);
  });

  it('is asked for again at once when there was no answer', async () => {
    const { world, hints } = scene();
    world.isAway = true;
    await expect(hints.of('a')).rejects.toThrow('away');
    world.isAway = false;
    expect((await hints.of('a'))?.message).toBe('old');
  });
});
