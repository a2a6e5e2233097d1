import { connectCluster } from './connect.ts';
import { startProcesses } from './start.ts';

/* A cluster to try things on by hand, until Ctrl-C: node --disable-warning=ExperimentalWarning test/cluster/support/keep.ts */

const cluster = connectCluster(await startProcesses({}));
console.log(`export KUBECONFIG=${cluster.kubeconfig}`);
console.log(`Logs: ${cluster.home}/*.log. Tests use this cluster when KUBECONFIG names it. Ctrl-C ends it.`);
const stop = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.resolve());
const awake = setInterval(() => undefined, 60_000);
await stop.promise;
clearInterval(awake);
await cluster.stop();
