import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_TOKEN, inWorld, STORIES } from '../support/world.ts';
import { startAlertmanager } from './support/alertmanager.ts';
import { type Loki, startLoki, TENANT } from './support/loki.ts';

describe('a real Alertmanager that posts to Healer', STORIES, () => {
  let loki: Loki;
  beforeAll(async () => {
    loki = await startLoki();
  });
  afterAll(() => loki?.stop());

  it('opens one remediation for a group, whose brief has what Loki and Alertmanager say, and resolves it', () =>
    inWorld({ settings: { loki: { url: loki.url, tenant: TENANT } } }, async (world) => {
      world.plan({ '*': ['wait then commit'] });
      const alertmanager = await startAlertmanager(`${world.url}/api/alerts/platform`, API_TOKEN);
      try {
        const startsAt = Date.now() - 30_000;
        const common = { alertname: 'HighErrorRate', service: 'shop', repository: 'acme/shop', severity: 'critical' };
        await loki.push({ app: 'shop', namespace: 'prod' }, [{ at: startsAt, text: 'error: the till is stuck' }]);
        const tell = (pod: string, endsAt?: number) =>
          alertmanager.tell({
            labels: { ...common, pod },
            annotations: { summary: `Requests to ${pod} fail.` },
            startsAt,
            ...(endsAt === undefined ? {} : { endsAt }),
          });
        await tell('shop-1');
        const [opened] = await world.eventually(async () => {
          const all = await world.all();
          return all.length > 0 ? all : null;
        }, 'a remediation of the alert');
        if (opened === undefined) throw new Error('it was opened');
        expect(opened).toMatchObject({ kind: 'alert', repository: 'acme/shop', failureType: 'platform_alert' });
        await world.agentAtWork(opened.taskId);
        const prompt = await world.prompt(opened.taskId);
        expect(prompt).toContain('Requests to shop-1 fail.');
        expect(prompt).toContain('error: the till is stuck');
        // A second alert of the group is told by the next notification, and joins.
        await tell('shop-2');
        await world.eventually(async () => {
          const rows = await world.service.store.db.selectFrom('deliveries').select('dedup_status').execute();
          return rows.some((row) => row.dedup_status === 'existing');
        }, 'the group’s next notification');
        expect(await world.all()).toHaveLength(1);
        await Promise.all([tell('shop-1', Date.now() - 1), tell('shop-2', Date.now() - 1)]);
        const ended = await world.ended(opened.taskId);
        expect([ended.phase, ended.reason?.code]).toEqual(['superseded', 'alert_resolved']);
        expect(await world.all()).toHaveLength(1);
      } finally {
        await alertmanager.stop();
      }
    }));

  it('is refused with another token, and tries again later: nothing is opened', () =>
    inWorld({}, async (world) => {
      const alertmanager = await startAlertmanager(`${world.url}/api/alerts/platform`, 'not-the-token');
      try {
        await alertmanager.tell({ labels: { alertname: 'X', repository: 'acme/shop' }, startsAt: Date.now() - 1_000 });
        await world.eventually(async () => {
          const metrics = await (await fetch(`${alertmanager.url}/metrics`)).text();
          return /alertmanager_notifications_failed_total\{[^}]*webhook[^}]*\} [1-9]/.test(metrics);
        }, 'Alertmanager’s own word that it was refused');
        expect(await world.all()).toEqual([]);
      } finally {
        await alertmanager.stop();
      }
    }));
});
