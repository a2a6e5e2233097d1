import { describe, expect, it } from 'vitest';
import { type Asked, createRedelivery, type Situation, selectRedeliveries } from '../../src/app/redelivery.ts';
import { PermanentError, RetryableError } from '../../src/lib/errors.ts';
import type { HookDelivery } from '../../src/lib/github/app-deliveries.ts';
import { fakeClock, NOON } from '../support/clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** An attempt that failed `ago` milliseconds before noon. */
function attempt(id: number, guid: string, ago: number, changes: Partial<HookDelivery> = {}): HookDelivery {
  return { id: String(id), guid, deliveredAt: NOON - ago, statusCode: 502, event: 'workflow_job', ...changes };
}

/** `count` failed attempts of one event, the latest an hour ago. */
const failed = (guid: string, count: number): HookDelivery[] =>
  Array.from({ length: count }, (_, n) => attempt(n + 1, guid, HOUR + n * HOUR));

function select(changes: Partial<Situation>): readonly string[] {
  const situation = {
    attempts: [],
    kept: new Set<string>(),
    asked: new Map<string, Asked>(),
    isWanted: (event: string) => event !== 'star',
    now: NOON,
    ...changes,
  };
  return selectRedeliveries(situation).map(({ id }) => id);
}

describe('which missed deliveries are asked for', () => {
  const cases: readonly [string, Partial<Situation>, readonly string[]][] = [
    ['nothing when nothing failed', {}, []],
    ['one that failed', { attempts: [attempt(1, 'a', HOUR)] }, ['1']],
    ['the latest attempt of an event', { attempts: [attempt(1, 'a', 3 * HOUR), attempt(2, 'a', HOUR)] }, ['2']],
    [
      'none that arrived with a later attempt',
      { attempts: [attempt(1, 'a', 2 * HOUR), attempt(2, 'a', HOUR, { statusCode: 202 })] },
      [],
    ],
    [
      'none that had arrived before',
      { attempts: [attempt(1, 'a', 2 * HOUR, { statusCode: 200 }), attempt(2, 'a', HOUR)] },
      [],
    ],
    ['none that Healer has, whatever GitHub saw', { attempts: [attempt(1, 'a', HOUR)], kept: new Set(['a']) }, []],
    ['none that Healer has no use for', { attempts: [attempt(1, 'a', HOUR, { event: 'star' })] }, []],
    ['one of 70 hours ago', { attempts: [attempt(1, 'a', 70 * HOUR)] }, ['1']],
    ['none that GitHub is about to forget', { attempts: [attempt(1, 'a', 70 * HOUR + 1)] }, []],
    ['none that just failed', { attempts: [attempt(1, 'a', MINUTE - 1)] }, []],
    ['one that failed a minute ago', { attempts: [attempt(1, 'a', MINUTE)] }, ['1']],
    ['later after each failure', { attempts: [attempt(1, 'a', HOUR), attempt(2, 'a', 2 * MINUTE - 1)] }, []],
    ['again once that time is over', { attempts: [attempt(1, 'a', HOUR), attempt(2, 'a', 2 * MINUTE)] }, ['2']],
    ['one that failed five times', { attempts: failed('a', 5) }, ['1']],
    ['none that failed six times: some are never taken', { attempts: failed('a', 6) }, []],
    [
      'none that this process asked for a moment ago',
      { attempts: [attempt(1, 'a', HOUR)], asked: new Map([['a', { times: 1, at: NOON - 10 * MINUTE + 1 }]]) },
      [],
    ],
    [
      'one that was asked for and is still missing',
      { attempts: [attempt(1, 'a', HOUR)], asked: new Map([['a', { times: 1, at: NOON - 10 * MINUTE }]]) },
      ['1'],
    ],
    [
      'none that was asked for in vain too often, though GitHub shows no attempt',
      { attempts: [attempt(1, 'a', HOUR)], asked: new Map([['a', { times: 5, at: NOON - HOUR }]]) },
      [],
    ],
    ['none whose body was refused', { attempts: [attempt(1, 'a', HOUR, { statusCode: 400 })] }, []],
    [
      'one that was refused for its signature: a secret may have been wrong',
      { attempts: [attempt(1, 'a', HOUR, { statusCode: 401 })] },
      ['1'],
    ],
    ['one that was told to come again', { attempts: [attempt(1, 'a', HOUR, { statusCode: 503 })] }, ['1']],
    ['the oldest first', { attempts: [attempt(1, 'a', HOUR), attempt(2, 'b', 2 * HOUR)] }, ['2', '1']],
  ];
  it.each(cases)('%s', (_name, situation, ids) => {
    expect(select(situation)).toEqual(ids);
  });

  it('fifty at a time, so that a long outage is not answered by a flood', () => {
    const attempts = Array.from({ length: 80 }, (_, n) => attempt(n, `event ${n}`, HOUR + n));
    expect(select({ attempts })).toEqual(Array.from({ length: 50 }, (_, n) => String(79 - n)));
  });
});

describe('a round', () => {
  function setUp(attempts: HookDelivery[], redeliver: (id: string) => Promise<void> = async () => {}) {
    const clock = fakeClock();
    const asked: string[] = [];
    const problems: string[] = [];
    const redelivery = createRedelivery({
      deliveries: {
        failedSince: async (since) => attempts.filter(({ deliveredAt }) => deliveredAt >= since),
        redeliver: async (id) => {
          asked.push(id);
          await redeliver(id);
        },
      },
      kept: async () => new Set(),
      isWanted: () => true,
      clock: clock.now,
      random: () => 0.5,
      onAsked: () => {},
      onError: (message) => problems.push(message),
    });
    return { redelivery, clock, asked, problems };
  }

  it('asks once, and again only when the event is still missing later', async () => {
    const { redelivery, clock, asked } = setUp([attempt(1, 'a', HOUR)]);
    expect(await redelivery.round()).toBe(1);
    expect(await redelivery.round()).toBe(0);
    clock.advance(11 * MINUTE);
    expect(await redelivery.round()).toBe(1);
    expect(asked).toEqual(['1', '1']);
  });

  it('gives up one that GitHub does not have any more, and says so once', async () => {
    const gone = async () => {
      throw new PermanentError('404');
    };
    const { redelivery, clock, asked, problems } = setUp([attempt(1, 'a', HOUR)], gone);
    for (let n = 0; n < 5; n += 1) {
      await redelivery.round();
      clock.advance(HOUR);
    }
    expect(asked).toEqual(['1']);
    expect(problems).toHaveLength(1);
  });

  it('never asks for the same event for ever, though GitHub fails each time', async () => {
    const down = async () => {
      throw new RetryableError('502', { retryAfterMs: null });
    };
    const { redelivery, clock, asked } = setUp([attempt(1, 'a', HOUR)], down);
    for (let n = 0; n < 30; n += 1) {
      await redelivery.round();
      clock.advance(HOUR);
    }
    expect(asked).toHaveLength(5);
  });

  it('asks for the others when one of them fails', async () => {
    const first = async (id: string) => {
      if (id === '2') throw new RetryableError('502', { retryAfterMs: null });
    };
    const { redelivery, asked } = setUp([attempt(1, 'a', HOUR), attempt(2, 'b', 2 * HOUR)], first);
    expect(await redelivery.round()).toBe(1);
    expect(asked).toEqual(['2', '1']);
  });
});
