import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram, type Undo } from '../../brief/support/monitoring.ts';
import { freePort } from '../../support/ports.ts';
import { lokiProgram } from './build.ts';

export interface Loki {
  readonly url: string;
  /** Takes lines of one stream; `at` is milliseconds since the epoch. */
  push(labels: Readonly<Record<string, string>>, lines: readonly Line[]): Promise<void>;
  stop(): Promise<void>;
}

export interface Line {
  readonly at: number;
  readonly text: string;
}

/** The tenant that everything is pushed for: without it Loki refuses every request. */
export const TENANT = 'acme';

/** A Loki of its own in one process, on loopback, with its chunks in a folder that goes with it. */
export async function startLoki(): Promise<Loki> {
  const home = mkdtempSync(join(tmpdir(), 'healer-test-loki-'));
  const undo: Undo = [() => rmSync(home, { recursive: true, force: true, maxRetries: 10 })];
  const stop = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    const url = await startProgram(undo, {
      home,
      program: lokiProgram(),
      ready: '/ready',
      asOneself: true,
      words: async (address) => {
        writeFileSync(join(home, 'loki.yaml'), configuration(home, address, await freePort()));
        return [`-config.file=${join(home, 'loki.yaml')}`, '-target=all'];
      },
    });
    return { url, stop, push: (labels, lines) => push(url, labels, lines) };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function push(url: string, labels: Readonly<Record<string, string>>, lines: readonly Line[]): Promise<void> {
  const values = lines.map(({ at, text }) => [`${at}000000`, text]);
  const answered = await fetch(`${url}/loki/api/v1/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-scope-orgid': TENANT },
    body: JSON.stringify({ streams: [{ stream: labels, values }] }),
  });
  if (answered.status !== 204) throw new Error(`Loki took no lines: ${answered.status} ${await answered.text()}`);
}

/** https://grafana.com/docs/loki/latest/configure/examples/configuration-examples/ */
function configuration(home: string, address: string, grpcPort: number): string {
  const [host, port] = address.split(':');
  return `
auth_enabled: true
server:
  http_listen_address: ${host}
  http_listen_port: ${port}
  grpc_listen_address: ${host}
  grpc_listen_port: ${grpcPort}
  log_level: warn
common:
  instance_addr: ${host}
  path_prefix: ${home}
  replication_factor: 1
  ring: { kvstore: { store: inmemory } }
  storage: { filesystem: { chunks_directory: ${home}/chunks, rules_directory: ${home}/rules } }
schema_config:
  configs:
    - { from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: { prefix: index_, period: 24h } }
ingester:
  lifecycler: { min_ready_duration: 0s }
limits_config: { reject_old_samples: false, discover_service_name: [app] }
analytics: { reporting_enabled: false }
`;
}
