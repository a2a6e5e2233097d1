import { describe, expect, it } from 'vitest';
import { inWorld, STORIES } from '../../support/world.ts';

describe('an agent that fails in the same way again and again', STORIES, () => {
  it('is not sent a third time with the same brief: people are asked, before all attempts are spent', () =>
    inWorld({ settings: { maxAttempts: 6 } }, async (world) => {
      world.plan({ '*': ['blocked'] });
      world.commit('main', { '.github/healer.yaml': 'agents:\n  allow: [rex]\n' });
      world.commit('topic');
      const { runId } = world.run('topic', { build: 'red' });
      const ended = await world.ended(`ci-${runId}`);
      expect([ended.phase, ended.reason?.code]).toEqual(['escalated', 'nothing_new']);
      // The second was told how the first ended; the third would have been told just that.
      expect(ended.attempts.map(({ agent, outcome }) => `${agent} ${outcome}`)).toEqual([
        'rex agent_failed',
        'rex agent_failed',
      ]);
      const briefs = await world.service.store.db.selectFrom('briefs').select('prompt').execute();
      expect(briefs[1]?.prompt).toContain('A person has to change a setting.');
      expect(briefs[0]?.prompt).not.toContain('A person has to change a setting.');
    }));
});
