import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createApi } from '../api.ts';
import { accessWith, NODE_NAME, pathsIn, readCluster } from '../control-plane/layout.ts';
import { ContentsReader } from './contents.ts';
import { startControlServer } from './control-server.ts';
import { eventTeller } from './events.ts';
import { inspectHost } from './host.ts';
import type { Pod } from './kube-types.ts';
import { startKubeletServer } from './kubelet-server.ts';
import { Orders } from './orders.ts';
import { PodWorker } from './pod-worker.ts';
import { NODE_LABELS, registerNode } from './register.ts';
import { Scheduler } from './scheduler.ts';
import { Provisioner } from './storage.ts';

/*
 * The stand-in node: kubelet, scheduler and storage provisioner of the test cluster whose folder is the first argument. It is
 * ended by a signal; what it runs ends with it.
 */

const [home = '', maxPodsText = '110'] = process.argv.slice(2);
const paths = pathsIn(home);
const maxPods = Number(maxPodsText);
const host = inspectHost();
const access = accessWith(home, readCluster(home).tokens.node, 'healer-node');
const api = createApi(access);
const orders = new Orders();
const contents = new ContentsReader(api);
const tell = eventTeller(api, 'kubelet');
const node = { api, host, orders, contents, tell, podsFolder: paths.pods, server: access.server };
const workers = new Map<string, PodWorker>();
/** Every cluster of this machine begins somewhere else in the network of Pods. */
let lastAddress = randomInt(0x1_0000);

function nextAddress(): string {
  lastAddress = (lastAddress + 1) % 0x1_0000;
  const prefix = host.hasAddresses ? `198.${18 + (process.pid % 2)}` : '127.1';
  return `${prefix}.${lastAddress >> 8}.${lastAddress & 0xff}`;
}

function isLive(pod: Pod): boolean {
  return pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';
}

const hasRoom = () => [...workers.values()].filter((worker) => isLive(worker.pod)).length < maxPods;
const scheduler = new Scheduler({ api, orders, tell: eventTeller(api, 'default-scheduler') }, NODE_LABELS, hasRoom);

function onPod(type: string, pod: Pod): void {
  const { uid } = pod.metadata;
  const worker = workers.get(uid);
  if (type === 'DELETED') {
    scheduler.withdraw(uid);
    workers.delete(uid);
    void worker?.gone();
  } else if (worker !== undefined) {
    worker.update(pod);
  } else if (pod.spec.nodeName === NODE_NAME) {
    scheduler.withdraw(uid);
    const started = new PodWorker(node, pod, pod.status?.podIP ?? nextAddress());
    workers.set(uid, started);
    started.start();
  } else if (pod.spec.nodeName === undefined) {
    scheduler.offer(pod);
  }
}

function workerOf(namespace: string, name: string): PodWorker {
  const found = [...workers.values()].find(
    ({ pod: { metadata } }) => metadata.name === name && metadata.namespace === namespace,
  );
  if (found === undefined) throw new Error(`Pod ${namespace}/${name} is not on this node.`);
  return found;
}

const provisioner = new Provisioner(api, paths.volumes);
await provisioner.start();
contents.start();
const tls = { key: readFileSync(paths.serverKey, 'utf8'), cert: readFileSync(paths.serverCertificate, 'utf8') };
const { port } = await startKubeletServer(tls, (namespace, pod, container, isPrevious) =>
  workerOf(namespace, pod).log(container, isPrevious),
);
await startControlServer(paths.nodeSocket, {
  image: ({ name, definition }) => {
    orders.setImage(name, definition);
    return null;
  },
  tell: ({ match, order }) => orders.tell(match, order),
  forget: ({ order }) => {
    orders.forget(order);
    return null;
  },
  fail: async ({ namespace, pod, how }) => {
    await workerOf(namespace, pod).fail(how);
    return null;
  },
  share: ({ folder }) => {
    orders.shared.add(folder);
    return null;
  },
  running: () => [...workers.values()].flatMap((worker) => worker.running()),
});
const pods = api.watch<Pod>('/api/v1/pods', ({ type, object }) => onPod(type, object));
await pods.synced;
await registerNode(api, port, maxPods);
process.once('SIGTERM', () => process.exit(0));
