import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registerInsights } from '../../src/cli/insights.ts';
import { reason } from '../../src/model/reason.ts';
import { rememberLessons } from '../../src/store/lessons.ts';
import type { Store } from '../../src/store/open.ts';
import { type RememberedOutcome, rememberOutcome } from '../../src/store/outcomes.ts';
import { listen, runCommand } from '../cli/terminal.ts';
import { anOutcome } from '../support/outcomes.ts';
import { expectAsDocumented, type Harness, makeDeps, startApi } from './api-client.ts';
import { addDelivery, addSeed, HOUR, MINUTE, makeRemediation, NOW, openSeeded } from './seed.ts';

let store: Store;
let api: Harness;
beforeEach(async () => {
  store = await openSeeded();
  api = await startApi(store);
});
afterEach(async () => {
  await api.app.close();
  await store.close();
});

const DAY = 24 * HOUR;

/** A success of Rex, and a rule that Bolt is better at. */
async function learned(): Promise<void> {
  const times = { startedAt: NOW - HOUR, endedAt: NOW - HOUR + 10 * MINUTE };
  const many = (agent: string, outcome: RememberedOutcome['outcome']) =>
    Array.from({ length: 9 }, (_, n) =>
      anOutcome({
        ...times,
        remediationId: `${agent}-${n}`,
        agent,
        outcome,
        rule: 'rust-deps',
        failureType: 'rust_deps',
      }),
    );
  await store.transaction(async (tx) => {
    for (const outcome of [...many('rex', 'timeout'), ...many('bolt', 'success')]) await rememberOutcome(tx, outcome);
    await rememberOutcome(tx, anOutcome({ ...times, remediationId: 'old', endedAt: NOW - 40 * DAY, agent: 'blaze' }));
    const { repository, failureType, fingerprint, rule } = anOutcome();
    const lesson = { repository, failureType, fingerprint, rule, routedAgent: 'rex', agent: 'bolt', at: NOW - HOUR };
    await rememberLessons(tx, [{ ...lesson, remediationId: 'bolt-1', kind: 'first_attempt_success' }]);
  });
  await addSeed(store, {
    remediation: makeRemediation({
      phase: 'succeeded',
      reason: reason('fixed'),
      createdAt: NOW - 30 * MINUTE,
      endedAt: NOW - 20 * MINUTE,
      wakeAt: null,
    }),
  });
}

const get = (query = '', token = 'any') =>
  api.app.inject({ url: `/api/insights${query}`, headers: { authorization: `Bearer ${token}` } });

describe('GET /api/insights', () => {
  it('answers as documented when nothing has happened yet', async () => {
    const answer = await get();
    expect(answer.statusCode).toBe(200);
    expectAsDocumented(api.app, 'GET', '/api/insights', answer);
    expect(answer.json()).toMatchObject({
      since: new Date(NOW - 30 * DAY).toISOString(),
      until: new Date(NOW).toISOString(),
      targets: { fixed_at_first_attempt: { value: null, sample: 0, target: 0.5, met: null } },
      by_agent: [],
    });
  });

  it('tells every figure with its sample, in seconds and dollars', async () => {
    await learned();
    const answer = await get();
    expectAsDocumented(api.app, 'GET', '/api/insights', answer);
    const insights = answer.json();
    expect(insights.targets.time_to_fix_p50_seconds).toEqual({
      value: 600,
      sample: 1,
      target: 900,
      better: 'below',
      met: true,
    });
    expect(insights.targets.correct_routing).toMatchObject({ value: 0, sample: 9, met: false });
    expect(insights.cost_per_fix_usd).toEqual({ value: 4.5, sample: 1, total_usd: 4.5, attempts_without_cost: 0 });
    expect(insights.by_agent.map(({ agent }: { agent: string }) => agent)).toEqual(['bolt', 'rex']);
    expect(insights.routing_corrections).toMatchObject([{ rule: 'rust-deps', from: 'rex', to: 'bolt' }]);
  });

  it('looks as far back as it is asked to', async () => {
    await learned();
    const { by_agent: agents } = (await get('?since=2026-01-01')).json();
    expect(agents.map(({ agent }: { agent: string }) => agent)).toEqual(['blaze', 'bolt', 'rex']);
    expect((await get('?since=2026-03-14T09:29:00Z')).json().by_agent).toEqual([]);
  });

  it('counts a delivery as lost that is undecided for long', async () => {
    await addDelivery(store, { n: 1, receivedAt: NOW - 2 * HOUR, disposition: null });
    expect((await get()).json().targets.deliveries_lost).toMatchObject({ value: 1, sample: 1, met: false });
  });

  it('refuses what is no time, what it does not know, and a wrong token', async () => {
    for (const query of ['?since=yesterday', '?until=2026-01-01']) {
      const answer = await get(query);
      expect(answer.statusCode).toBe(400);
      expectAsDocumented(api.app, 'GET', '/api/insights', answer);
    }
    expect((await get('', 'wrong')).statusCode).toBe(401);
  });
});

describe('healer insights', () => {
  const run = async (...args: string[]) => {
    const { app, url } = await listen(makeDeps(store, { commands: [], checks: [], answer: null, pausesChanged: 0 }));
    try {
      return await runCommand(registerInsights, ['insights', ...args], { env: { HEALER_URL: url } });
    } finally {
      await app.close();
    }
  };

  it('prints the figures, the tables and the change to a rule', async () => {
    await learned();
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain('span                    2026-02-12 to 2026-03-14\n');
    expect(stdout).toContain('time to fix, median     10 min of 1, wanted at most 15 min\n');
    expect(stdout).toContain('cost per fix            $4.50 of 1, $4.50 in all\n');
    expect(stdout).toContain('Bolt   rust_deps  100 % of 9');
    expect(stdout).toContain('  rules:\n    - id: rust-deps\n      agent: bolt\n');
  });

  it('says so when there is nothing to count', async () => {
    const { stdout } = await run();
    expect(stdout).toContain('fixed at first attempt  – nothing to count yet\n');
    expect(stdout).not.toContain('AGENT');
  });

  it('prints one JSON document, and ends with 2 when the time is none', async () => {
    expect(JSON.parse((await run('--json')).stdout)).toHaveProperty('targets.escalated.sample', 0);
    const wrong = await run('--since', 'yesterday');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('since')]);
  });
});
