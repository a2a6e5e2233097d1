import { describe, expect, it } from 'vitest';
import { followLeadership } from '../../../src/coderun/reconcile/leader-reconciler.ts';
import { until } from '../support/until.ts';

function world() {
  const said: string[] = [];
  const listeners = new Set<(isLeader: boolean) => void>();
  let leads = false;
  let count = 0;
  const gates: PromiseWithResolvers<void>[] = [];
  const led = followLeadership(
    {
      isLeader: () => leads,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    () => {
      count += 1;
      const number = count;
      return {
        start: () => void said.push(`${number} starts`),
        stop: async () => {
          said.push(`${number} ends`);
          const gate = Promise.withResolvers<void>();
          gates.push(gate);
          await gate.promise;
          said.push(`${number} has ended`);
        },
      };
    },
  );
  const lead = (now: boolean) => {
    leads = now;
    for (const listener of listeners) listener(now);
  };
  return { said, led, lead, finish: () => gates.shift()?.resolve(), listeners };
}

const rest = () => new Promise((resolve) => setImmediate(resolve));

describe('a reconciler that follows who leads', () => {
  it('reconciles only while leading, and begins anew each time', async () => {
    const { said, led, lead, finish } = world();
    led.start();
    await rest();
    expect(said).toEqual([]);
    lead(true);
    await rest();
    lead(false);
    await rest();
    // It leads again before the last one is through: the next one waits.
    lead(true);
    await rest();
    expect(said).toEqual(['1 starts', '1 ends']);
    finish();
    await rest();
    expect(said).toEqual(['1 starts', '1 ends', '1 has ended', '2 starts']);
  });

  it('starts at once where it leads already', async () => {
    const { said, led, lead } = world();
    lead(true);
    led.start();
    await until(() => said.length === 1);
    expect(said).toEqual(['1 starts']);
  });

  it('lets a leadership pass that was lost again before its turn came', async () => {
    const { said, led, lead } = world();
    led.start();
    lead(true);
    lead(false);
    await rest();
    expect(said).toEqual([]);
  });

  it('ends with what is under way, and hears of nothing afterwards', async () => {
    const { said, led, lead, finish, listeners } = world();
    lead(true);
    led.start();
    await rest();
    const stopped = led.stop();
    await rest();
    finish();
    await stopped;
    lead(true);
    await rest();
    expect(said).toEqual(['1 starts', '1 ends', '1 has ended']);
    expect(listeners.size).toBe(0);
  });
});
