/*
 * A process that contends for the Lease and, whenever it may, writes who it is into a ConfigMap: what the reconciler does,
 * as fast as it can, and as it does it: over the version that it has read. So a write that was on its way when the process
 * was stopped is refused once somebody else has written. `node contender.ts <server> <token> <ca file> <namespace> <name> <lease seconds>`; one JSON line for
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
const path = `/api/v1/namespaces/${namespace}/configmaps/written`;
async function writeOnce(count: number): Promise<void> {
  refuseUnlessLeader(election, 'The ConfigMap');
  const { body } = await client.request({ path });
  const { resourceVersion } = (body as { metadata: { resourceVersion: string } }).metadata;
  refuseUnlessLeader(election, 'The ConfigMap');
  await client.request({
    method: 'PATCH',
    path,
    body: { metadata: { resourceVersion }, data: { by: name, count: String(count) } },
  });
}

async function write(): Promise<void> {
  for (let count = 0; !isStopping; count += 1) {
    try {
      await writeOnce(count);
    } catch {
      // Not the leader, or somebody else was first, or no API server.
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
