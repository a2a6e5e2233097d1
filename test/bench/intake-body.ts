import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What the benchmark's senders sign with. */
export const SECRET = 'bench-webhook-secret-of-the-usual-length';

/** Fixed-width places in the body, so that one delivery becomes another by writing over bytes. */
const RUN = '4242424242';
const JOB = '5353535353';
const SHA = 'bebecafe'.repeat(5);
const BRANCH = 'topic/bench-0000000000';

interface Example {
  readonly name: string;
  readonly examples: readonly { workflow_job?: Record<string, unknown> }[];
}

/** GitHub's own example of a failed `workflow_job` (9.6 KB), with places for what differs between two runs. */
function template(): Buffer {
  const file = createRequire(import.meta.url).resolve('@octokit/webhooks-examples/api.github.com/index.json');
  const groups = JSON.parse(readFileSync(file, 'utf8')) as Example[];
  const examples = groups.find(({ name }) => name === 'workflow_job')?.examples ?? [];
  const found = examples.find(({ workflow_job: job }) => job?.['conclusion'] === 'failure');
  if (found?.workflow_job === undefined) throw new Error('The package has no example of a failed workflow_job.');
  const body = structuredClone(found);
  Object.assign(body.workflow_job as object, {
    id: Number(JOB),
    run_id: Number(RUN),
    head_sha: SHA,
    head_branch: BRANCH,
    workflow_name: 'ci',
  });
  return Buffer.from(JSON.stringify(body));
}

function placesOf(body: Buffer, word: string): number[] {
  const places: number[] = [];
  for (let at = body.indexOf(word); at !== -1; at = body.indexOf(word, at + 1)) places.push(at);
  return places;
}

/** Makes complete HTTP requests: each one a delivery of a run, a commit and a branch of its own, signed. */
export function requestMaker(host: string, path: string): (n: number) => Buffer {
  const body = template();
  const spots = {
    run: placesOf(body, RUN),
    job: placesOf(body, JOB),
    sha: placesOf(body, SHA),
    branch: placesOf(body, BRANCH),
  };
  return (n) => {
    const digits = String(n).padStart(9, '0');
    for (const at of spots.run) body.write(`4${digits}`, at, 'latin1');
    for (const at of spots.job) body.write(`5${digits}`, at, 'latin1');
    for (const at of spots.sha) body.write(n.toString(16).padStart(40, 'a'), at, 'latin1');
    for (const at of spots.branch) body.write(`topic/bench-1${digits}`, at, 'latin1');
    const head = [
      `POST ${path} HTTP/1.1`,
      `Host: ${host}`,
      'User-Agent: GitHub-Hookshot/044aadd',
      'Accept: */*',
      'Content-Type: application/json',
      'X-GitHub-Event: workflow_job',
      `X-GitHub-Delivery: ${randomUUID()}`,
      'X-GitHub-Hook-ID: 292430182',
      `X-Hub-Signature-256: sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
      `Content-Length: ${body.length}`,
    ].join('\r\n');
    return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body]);
  };
}

export const BODY_BYTES: number = template().length;
