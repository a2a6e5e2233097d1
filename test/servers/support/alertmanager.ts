import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram, type Undo } from '../../brief/support/monitoring.ts';

export interface Alertmanager {
  readonly url: string;
  /** What Prometheus sends: `endsAt` in the past resolves. Times are milliseconds since the epoch. */
  tell(alert: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly startsAt: number;
    readonly endsAt?: number;
  }): Promise<void>;
  stop(): Promise<void>;
}

/** An Alertmanager of Debian's that posts to a webhook, at once and with a token, as docs describe it. */
export async function startAlertmanager(webhookUrl: string, token: string): Promise<Alertmanager> {
  const home = mkdtempSync(join(tmpdir(), 'healer-test-alertmanager-'));
  const undo: Undo = [() => rmSync(home, { recursive: true, force: true, maxRetries: 10 })];
  writeFileSync(join(home, 'alertmanager.yaml'), configuration(webhookUrl, token));
  const url = await startProgram(undo, {
    home,
    program: 'prometheus-alertmanager',
    ready: '/-/ready',
    words: (address) => [
      `--config.file=${join(home, 'alertmanager.yaml')}`,
      `--storage.path=${join(home, 'alerts')}`,
      '--cluster.listen-address=',
      `--web.listen-address=${address}`,
    ],
  });
  return {
    url,
    async tell({ labels, annotations = {}, startsAt, endsAt }) {
      const iso = (ms: number): string => new Date(ms).toISOString();
      const alert = {
        labels,
        annotations,
        startsAt: iso(startsAt),
        ...(endsAt === undefined ? {} : { endsAt: iso(endsAt) }),
      };
      const answered = await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([{ ...alert, generatorURL: 'http://prometheus.example/graph' }]),
      });
      if (answered.status !== 200) throw new Error(`Alertmanager refused: ${await answered.text()}`);
    },
    async stop() {
      for (const step of undo.toReversed()) await step();
    },
  };
}

function configuration(webhookUrl: string, token: string): string {
  return `
route: { receiver: healer, group_by: [alertname, service], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: healer
    webhook_configs:
      - url: ${webhookUrl}
        send_resolved: true
        max_alerts: 50
        http_config: { authorization: { type: Bearer, credentials: ${token} } }
`;
}
