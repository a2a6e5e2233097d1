import { expect, it } from 'vitest';
import { traceIdOf } from '../../../src/report/traces/index.ts';
import { type CollectedSpan, startCollector } from '../../support/collector.ts';
import { inWorld, STORIES, type World } from '../../support/world.ts';

const BRANCH = 'feature/cart';

/** Red, a first attempt that does not hold, a second that does; with a restart in between. */
async function repairOf(world: World): Promise<{ readonly task: string; readonly id: string; readonly pull: number }> {
  world.plan({ '*': ['commit'] });
  world.commit(BRANCH);
  const pull = await world.gh.addPullRequest({ title: 'Carts', head: BRANCH, author: 'ada' });
  const { runId } = world.run(BRANCH, { build: 'red' });
  const task = `ci-${runId}`;
  await world.phase(task, 'verifying', 1);
  await world.restart();
  world.run(BRANCH, { build: 'red' });
  await world.phase(task, 'verifying', 2);
  world.run(BRANCH, { build: 'green' });
  const { id } = await world.ended(task);
  // Stopping sends what is held.
  await world.restart();
  return { task, id, pull };
}

const nanos = (span: CollectedSpan) => [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)] as const;
const attribute = (span: CollectedSpan | undefined, key: string) =>
  Object.values(span?.attributes.find((candidate) => candidate.key === key)?.value ?? {})[0];

it('a repair is one trace, from the delivery to CI’s word, across a restart', STORIES, async () => {
  const collector = await startCollector();
  await inWorld(
    { settings: { otel: { endpoint: collector.endpoint, headers: 'x-api-key=abc%20d' } } },
    async (world) => {
      const { id, task, pull } = await repairOf(world);
      await world.comment(pull, (body) => body.includes(`trace \`${traceIdOf(id)}\``));
      const spans = collector.spans.filter(({ traceId }) => traceId === traceIdOf(id));
      const names = spans.map(({ name }) => name);
      const count = (name: string) => names.filter((candidate) => candidate === name).length;
      for (const once of ['remediation', 'retry']) expect([once, count(once)]).toEqual([once, 1]);
      for (const twice of ['gather', 'spawn', 'run', 'verify', 'context.github-logs'])
        expect([twice, count(twice)]).toEqual([twice, 2]);
      expect(count('receive')).toBeGreaterThanOrEqual(1);
      expect(count('decide')).toBe(count('receive'));

      // Every span stands under another one of the same trace, and inside of its time.
      const byId = new Map(spans.map((span) => [span.spanId, span]));
      expect(byId.size).toBe(spans.length);
      const root = spans.find(({ name }) => name === 'remediation');
      expect(root?.parentSpanId).toBeUndefined();
      expect(attribute(root, 'healer.task_id')).toBe(task);
      expect(attribute(root, 'healer.result')).toBe('succeeded');
      for (const span of spans.filter(({ name }) => name !== 'remediation')) {
        const parent = byId.get(span.parentSpanId ?? '');
        expect(parent, `${span.name} has a parent`).toBeDefined();
        const [from, to] = nanos(span);
        expect(from <= to, span.name).toBe(true);
        const isArrival = span.name === 'receive' || span.name === 'decide';
        if (parent !== undefined && !isArrival) expect(from >= nanos(parent)[0], span.name).toBe(true);
      }
      const [first, second] = spans.filter(({ name }) => name === 'verify');
      expect([first, second].map((span) => attribute(span, 'healer.next_phase'))).toEqual(['retrying', 'succeeded']);
      expect(collector.headers[0]).toMatchObject({ 'x-api-key': 'abc d' });

      // The run names its trace, and hands it to the agent.
      const [run] = await world.service.store.db.selectFrom('coderuns').selectAll().orderBy('created_at').execute();
      expect(JSON.parse(run?.annotations ?? '{}')).toMatchObject({ 'healer/trace-id': traceIdOf(id) });
      const { env } = JSON.parse(run?.spec ?? '{}') as { env: Record<string, string> };
      const runSpan = spans.find(({ name }) => name === 'run')?.spanId;
      expect(env['TRACEPARENT']).toBe(`00-${traceIdOf(id)}-${runSpan}-01`);
    },
  );
  await collector.close();
});

it('a collector that is away changes nothing', STORIES, async () => {
  const collector = await startCollector(503);
  await inWorld({ settings: { otel: { endpoint: collector.endpoint } } }, async (world) => {
    world.plan({ '*': ['commit'] });
    world.commit(BRANCH);
    const { runId } = world.run(BRANCH, { build: 'red' });
    await world.phase(`ci-${runId}`, 'verifying', 1);
    await collector.close();
    world.run(BRANCH, { build: 'green' });
    expect((await world.ended(`ci-${runId}`)).phase).toBe('succeeded');
  });
});
