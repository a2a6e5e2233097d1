import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCore } from '../../../src/app/core.ts';
import type { Decider } from '../../../src/app/decide/index.ts';
import { settingsSchema } from '../../../src/app/settings.ts';
import type { RuleSet } from '../../../src/decide/route/rule-set.ts';
import type { CommandSignal } from '../../../src/model/signal.ts';
import { openStore, type Store } from '../../../src/store/open.ts';
import { aCommand } from '../../support/builders.ts';
import { fakeClock } from '../../support/clock.ts';

describe('deciding about a command', () => {
  let store: Store;
  let decide: Decider;
  beforeEach(async () => {
    store = await openStore({ kind: 'memory' });
    let id = 0;
    const newId = () => {
      id += 1;
      return `id-${String(id).padStart(4, '0')}`;
    };
    const rules = () => ({}) as RuleSet;
    const settings = settingsSchema.parse({ commandBots: ['release[bot]'] });
    decide = createCore({ store, settings, rules, agents: [], clock: fakeClock().now, newId }).decide;
  });
  afterEach(() => store.close());

  const said = async (changes: Partial<CommandSignal> = {}) => {
    const { disposition, steps } = await store.transaction((tx) => decide(tx, [aCommand(changes)], null));
    expect(steps).toEqual([]);
    return `${disposition.status} ${disposition.dedupStatus} ${disposition.reason.code}`;
  };
  const kept = async () => (await store.db.selectFrom('commands').select('state').execute()).length;

  it('writes it down and does nothing else', async () => {
    expect(await said()).toBe('accepted new command_taken');
    expect(await kept()).toBe(1);
  });

  it('writes the command of one comment down once, however it comes again', async () => {
    await said();
    expect(await said()).toBe('accepted existing command_taken');
    expect(await said({ verb: 'cancel' }), 'the comment was edited').toBe('accepted existing command_taken');
    expect(await kept()).toBe(1);
    expect(await said({ commentId: 901 })).toBe('accepted new command_taken');
  });

  it('writes an unknown one down too: it gets an answer', async () => {
    expect(await said({ verb: 'fxi' })).toBe('accepted new command_unknown');
    expect(await kept()).toBe(1);
  });

  it('obeys no bot that is not listed', async () => {
    expect(await said({ actor: { login: 'eve[bot]', type: 'Bot' } })).toBe('skipped skipped bot_author');
    expect(await kept()).toBe(0);
    expect(await said({ actor: { login: 'release[bot]', type: 'Bot' } })).toBe('accepted new command_taken');
  });
});
