/*
 * A process that contends for the Lease and, whenever it may, writes who it is into a ConfigMap: what the reconciler does,
 * as fast as it can. `node contender.ts <server> <token> <ca file> <namespace> <name> <lease seconds>`; one JSON line for
 * each change of leadership.
 */
import { readFileSync } from 'node:fs';
import { electionPolicy } from '../../../src/app/leadership.ts';
import { createElection } from '../../../src/coderun/reconcile/leader.ts';
import { createMonotonicClock } from '../../../src/coderun/reconcile/leader-clock.ts';
import { refuseUnlessLeader } from '../../../src/coderun/reconcile/leader-fence.ts';
import { kubernetesLease } from '../../../src/coderun/reconcile/leader-lease.ts';
import { systemSchedule } from '../../../src/coderun/reconcile/queue.ts';
import { tokenAccess } from '../../../src/lib/kubernetes/access.ts';
import { createKubernetesClient } from '../../../src/lib/kubernetes/client.ts';

const [server = '', token = '', caFile = '', namespace = '', name = '', seconds = ''] = process.argv.slice(2);
const access = tokenAccess({ server, token, ca: readFileSync(caFile, 'utf8') });
const client = createKubernetesClient({ access, userAgent: name });
const say = (line: object) => process.stdout.write(`${JSON.stringify({ name, ...line })}\n`);
const election = createElection({
  lease: kubernetesLease(client, namespace),
  self: name,
  policy: electionPolicy(Number(seconds)),
  monotonic: createMonotonicClock(),
  clock: Date.now,
  schedule: systemSchedule,
  random: Math.random,
  onError: (error) => say({ error }),
});
election.subscribe((leads) => say({ leads }));

let isStopping = false;
let turn: Promise<void> = Promise.resolve();
async function write(): Promise<void> {
  for (let count = 0; !isStopping; count += 1) {
    try {
      refuseUnlessLeader(election, 'The ConfigMap');
      const path = `/api/v1/namespaces/${namespace}/configmaps/written`;
      await client.request({ method: 'PATCH', path, body: { data: { by: name, count: String(count) } } });
    } catch {
      // Not the leader, or no API server.
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

process.once('SIGTERM', async () => {
  isStopping = true;
  await turn;
  await election.stop();
  process.exit(0);
});
election.start();
say({ leads: false });
turn = write();
