import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../src/lib/errors.ts';
import { createApi } from './api.ts';
import { auditSize, readAudit } from './audit.ts';
import type { Api, AuditFilter, Cluster, Node } from './cluster-types.ts';
import { until } from './control-plane/daemon.ts';
import { daemonsOf } from './control-plane/daemons.ts';
import { accessWith, NODE_NAME, pathsIn, readCluster, writeKubeconfig } from './control-plane/layout.ts';
import { askNode } from './kubelet/control.ts';
import { run } from './run.ts';
import { endAll } from './start.ts';

const PATIENCE_MS = 60_000;
/** The server's own bookkeeping, and ours, would only confuse. */
const MARK = 'healer-audit-mark';

/** The cluster whose processes were started in this folder, by whichever process. */
export function connectCluster(home: string): Cluster {
  const paths = pathsIn(home);
  const { server, tokens, programs } = readCluster(home);
  const apiAs = (token: string): Api => createApi(accessWith(home, token, 'healer-tests'));
  const api = apiAs(tokens.admin);
  const { etcd, apiserver, controllerManager } = daemonsOf(home);
  const env = { KUBECONFIG: paths.kubeconfig, HOME: paths.helm };
  return {
    home,
    server,
    kubeconfig: paths.kubeconfig,
    caFile: paths.ca,
    adminToken: tokens.admin,
    auditLog: paths.auditLog,
    api,
    apiAs,
    kubeconfigFor(token, namespace) {
      const file = join(home, `kubeconfig-${randomBytes(4).toString('hex')}`);
      writeKubeconfig(file, server, paths.ca, token, namespace);
      return file;
    },
    tokenFor: (namespace, serviceAccount, seconds) => tokenFor(api, namespace, serviceAccount, seconds ?? 3_600),
    kubectl: (args, stdin) => run(programs.kubectl, args, env, stdin),
    helm: (args, stdin) => run(programs.helm, args, env, stdin),
    namespace: (prefix) => newNamespace(api, prefix ?? 'test', hasControllers(home)),
    async auditEvents(filter: AuditFilter = {}) {
      await flushAudit(api, paths.auditLog);
      const events = await readAudit(paths.auditLog, filter);
      return events.filter((event) => !event.requestURI.includes(MARK));
    },
    async auditMark() {
      await flushAudit(api, paths.auditLog);
      return auditSize(paths.auditLog);
    },
    apiserver,
    etcd,
    controllerManager,
    node: nodeOf(home),
    async stop() {
      endAll(home);
      await until(PATIENCE_MS, `processes of ${home} do not end`, async () =>
        [etcd, apiserver, controllerManager, daemonsOf(home).node].every((daemon) => !daemon.isRunning()),
      );
      if (!keeps(home)) rmSync(home, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

function nodeOf(home: string): Node {
  const socket = pathsIn(home).nodeSocket;
  return {
    ...daemonsOf(home).node,
    name: NODE_NAME,
    image: async (name, definition) => void (await askNode(socket, { do: 'image', name, definition })),
    tell: (match, order) => askNode(socket, { do: 'tell', match, order }),
    forget: async (order) => void (await askNode(socket, { do: 'forget', order: order ?? null })),
    fail: async (namespace, pod, how) => void (await askNode(socket, { do: 'fail', namespace, pod, how })),
    share: async (folder) => void (await askNode(socket, { do: 'share', folder })),
    running: () => askNode(socket, { do: 'running' }),
  };
}

async function newNamespace(api: Api, prefix: string, isCompleted: boolean): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  await api.request('POST', '/api/v1/namespaces', { metadata: { name } });
  if (!isCompleted) return name;
  await until(PATIENCE_MS, `namespace ${name} gets no default ServiceAccount`, async () => {
    try {
      await api.request('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`);
      await api.request('GET', `/api/v1/namespaces/${name}/configmaps/kube-root-ca.crt`);
      return true;
    } catch {
      return false;
    }
  });
  return name;
}

async function tokenFor(api: Api, namespace: string, name: string, seconds: number): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const answer = await api.request<{ status: { token: string } }>('POST', path, {
    spec: { expirationSeconds: seconds },
  });
  return answer.status.token;
}

/** Every answer given before this call is in the log once a request made after it is. */
async function flushAudit(api: Api, file: string): Promise<void> {
  if (!existsSync(file)) throw new UserError('This cluster was given by KUBECONFIG: its audit log is not to be had.');
  const mark = `${MARK}-${randomBytes(6).toString('hex')}`;
  const from = await auditSize(file);
  await api.request('GET', '/version', undefined, { query: { [MARK]: mark } });
  await until(PATIENCE_MS, 'the audit log does not grow', async () => {
    const events = await readAudit(file, { since: from });
    return events.some((event) => event.requestURI.includes(mark));
  });
}

/** A given cluster has its own, wherever they run. */
function hasControllers(home: string): boolean {
  return readCluster(home).etcd === '' || daemonsOf(home).controllerManager.isRunning();
}

function keeps(home: string): boolean {
  try {
    return readFileSync(join(home, 'keep'), 'utf8') !== '';
  } catch {
    return false;
  }
}
