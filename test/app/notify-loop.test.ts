import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNotifyLoop, type NotifyLoop, type NotifyResult } from '../../src/app/notify-loop.ts';
import { RetryableError } from '../../src/lib/errors.ts';
import type { Notice } from '../../src/model/notice.ts';
import type { Told } from '../../src/report/notifiers/index.ts';
import { insertNotice, nextMessageDue, planMessages } from '../../src/store/notices.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { aNotice, anItem } from '../report/notifiers/notices.ts';
import { NOON } from '../support/clock.ts';

let store: Store;
let loop: NotifyLoop | null = null;
let now = NOON;
const results: NotifyResult[] = [];
const told: Notice[] = [];

beforeEach(async () => {
  store = await openStore({ kind: 'memory' });
  [now, results.length, told.length] = [NOON, 0, 0];
});
afterEach(async () => {
  await loop?.stop();
  await store.close();
});

function start(tell: (notice: Notice, signal: AbortSignal) => Promise<Told>): NotifyLoop {
  loop = createNotifyLoop({
    store,
    clock: () => now,
    notifiers: [{ name: 'discord', edits: true, tell: (notice, _before, signal) => tell(notice, signal) }],
    quietHours: { timeZone: 'UTC', passes: 'critical' },
    giveUpMs: 3_600_000,
    secrets: ['the-password-of-the-database'],
    watch: async () => {},
    onResult: (_notifier, result) => results.push(result),
    onTold: () => {},
    onError: () => {},
  });
  loop.start();
  return loop;
}

async function ask(notice: Notice = aNotice()): Promise<void> {
  await store.transaction(async (tx) => {
    await insertNotice(tx, notice, now);
    await planMessages(tx, notice.id, ['discord'], now);
  });
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`Not in time; ${JSON.stringify(results)}`);
    loop?.wake();
    await new Promise((done) => setTimeout(done, 5));
  }
}

const sent: Told = { reference: { message: 'm' }, action: 'sent' };

describe('telling what is written down', () => {
  it('lets nothing through that the gate would take out', async () => {
    await ask(aNotice({ items: [anItem({ status: 'failed with the-password-of-the-database \u001b[31mred' })] }));
    start(async (notice) => {
      told.push(notice);
      return sent;
    });
    await until(() => results.includes('sent'));
    expect(told[0]?.items[0]?.status).toMatch(/^failed with «redacted:[a-z0-9-]+:1» red$/);
  });

  it('tries again later and later, and gives up after its time', async () => {
    await ask();
    start(async () => {
      throw new RetryableError('discord: no answer');
    });
    const waits: number[] = [];
    while (!results.includes('dropped')) {
      const count = results.length;
      await until(() => results.length > count);
      const due = await nextMessageDue(store.db, 'discord');
      if (due === null) break;
      waits.push(due - now);
      now = due;
    }
    expect(waits.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000]);
    expect(Math.max(...waits)).toBe(600_000);
    expect(now - NOON).toBeGreaterThanOrEqual(3_600_000);
    expect(results.at(-1)).toBe('dropped');
  });

  it('lets what is on its way arrive before it stops', async () => {
    await ask();
    const begun = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Told>();
    const running = start((_notice, signal) => {
      begun.resolve();
      signal.addEventListener('abort', () => answer.reject(new Error('cut off')));
      return answer.promise;
    });
    await begun.promise;
    const stopped = running.stop();
    answer.resolve(sent);
    await stopped;
    expect(results).toEqual(['sent']);
    expect(await nextMessageDue(store.db, 'discord')).toBeNull();
  });
});
