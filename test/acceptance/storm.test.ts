import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { pausedEnvironment } from '../support/paused.ts';
import { type RunningService, startService, temporaryFolder } from '../support/service.ts';

interface Answer {
  readonly status: number;
  readonly delivery_id: string;
  readonly remediation_id: string | null;
  readonly dedup_status: string;
}

interface Delivery {
  readonly run: number;
  readonly event: string;
  readonly id: string;
  readonly body: string;
}

const RUNS = 100;
const SENDERS = 64;
const examples = createRequire(import.meta.url)
  .resolve('@octokit/webhooks-examples/package.json')
  .replace(/package\.json$/, 'api.github.com/index.json');
const groups = JSON.parse(readFileSync(examples, 'utf8')) as { name: string; examples: Record<string, unknown>[] }[];

/** GitHub's own example, made to speak of another run, branch and commit. */
function example(event: string, pick: (body: Record<string, unknown>) => boolean): Record<string, unknown> {
  const found = groups.find((group) => group.name === event)?.examples.find(pick);
  if (found === undefined) throw new Error(`There is no such example of ${event}.`);
  return structuredClone(found);
}

function jobBody(run: number, job: number): string {
  const body = example(
    'workflow_job',
    (candidate) => (candidate['workflow_job'] as { conclusion?: string })?.conclusion === 'failure',
  ) as {
    workflow_job: Record<string, unknown>;
  };
  Object.assign(body.workflow_job, {
    id: run * 100 + job,
    run_id: 5_000_000 + run,
    head_sha: run.toString(16).padStart(40, 'a'),
    head_branch: `topic-${run}`,
    name: `job ${job}`,
    workflow_name: 'ci',
    run_attempt: 1,
  });
  return JSON.stringify(body);
}

function runBody(run: number): string {
  const body = example('workflow_run', (candidate) => candidate['action'] === 'completed') as {
    workflow_run: Record<string, unknown>;
    repository: unknown;
  };
  Object.assign(body.workflow_run, {
    id: 5_000_000 + run,
    head_sha: run.toString(16).padStart(40, 'a'),
    head_branch: `topic-${run}`,
    status: 'completed',
    conclusion: 'failure',
    run_attempt: 1,
    pull_requests: [],
    head_repository: body.repository,
  });
  return JSON.stringify(body);
}

/** Ten of each run: five failed jobs, the run itself, two of them redelivered and two sent again under another id. */
function deliveries(): readonly Delivery[] {
  const all: Delivery[] = [];
  for (let run = 1; run <= RUNS; run += 1) {
    const jobs = [1, 2, 3, 4, 5].map(
      (job): Delivery => ({ run, event: 'workflow_job', id: randomUUID(), body: jobBody(run, job) }),
    );
    const whole: Delivery = { run, event: 'workflow_run', id: randomUUID(), body: runBody(run) };
    const [first, second] = jobs as [Delivery, Delivery];
    all.push(...jobs, whole, first, whole, { ...second, id: randomUUID() }, { ...whole, id: randomUUID() });
  }
  // Neighbours race for the same run when they are sent side by side; a fixed shuffle mixes the runs as well.
  return all
    .map((delivery, index) => ({ delivery, key: (index * 7919) % all.length }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ delivery }) => delivery);
}

async function send(url: string, delivery: Delivery): Promise<Answer> {
  const response = await fetch(`${url}/api/remediate/ci-failure`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-github-event': delivery.event, 'x-github-delivery': delivery.id },
    body: delivery.body,
  });
  const answer = (await response.json()) as Omit<Answer, 'status'>;
  return { ...answer, status: response.status };
}

/** Sends with 64 senders; a sender whose connection breaks keeps its delivery, as a sensor does. */
async function sendAll(
  url: string,
  todo: readonly Delivery[],
  onAnswer: (delivery: Delivery, answer: Answer) => void,
): Promise<Delivery[]> {
  const queue = [...todo];
  const kept: Delivery[] = [];
  await Promise.all(
    Array.from({ length: SENDERS }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        try {
          onAnswer(next, await send(url, next));
        } catch {
          kept.push(next);
        }
      }
    }),
  );
  return kept;
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url);
  expect(response.status, url).toBe(200);
  return (await response.json()) as T;
}

async function allRemediations(url: string): Promise<{ id: string; branch: string }[]> {
  const found: { id: string; branch: string }[] = [];
  let cursor: string | null = null;
  do {
    const page: { remediations: { id: string; branch: string }[]; next_cursor: string | null } = await get(
      `${url}/api/remediations?limit=100${cursor === null ? '' : `&cursor=${cursor}`}`,
    );
    found.push(...page.remediations);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return found;
}

describe('a storm of a thousand deliveries', () => {
  const folder = temporaryFolder();
  let service: RunningService | null = null;

  afterEach(async () => {
    await service?.kill();
    folder.remove();
  });

  it('makes one remediation of each run, also when the service is killed in the middle, and every 202 is accounted for', async () => {
    // Paused: what is decided here is decided about; no agent is to be started by this test.
    const env = pausedEnvironment(folder.path);
    service = await startService(env);
    const todo = deliveries();
    const answers: { delivery: Delivery; answer: Answer }[] = [];
    const first = service;
    const leftover = await sendAll(first.url, todo, (delivery, answer) => {
      answers.push({ delivery, answer });
      if (answers.length === todo.length / 2) void first.kill();
    });
    expect(answers.length).toBeGreaterThanOrEqual(todo.length / 2);
    expect(leftover.length, 'the kill came in the middle').toBeGreaterThan(0);

    service = await startService(env);
    const kept = await sendAll(service.url, leftover, (delivery, answer) => answers.push({ delivery, answer }));
    expect(kept).toEqual([]);

    const remediations = await allRemediations(service.url);
    expect(remediations.length).toBe(RUNS);
    expect(new Set(remediations.map(({ branch }) => branch)).size).toBe(RUNS);

    const byBranch = new Map(remediations.map(({ branch, id }) => [branch, id]));
    expect(answers.length).toBe(todo.length);
    for (const { delivery, answer } of answers) {
      expect(answer.status, JSON.stringify(answer)).toBe(202);
      expect(answer.remediation_id).toBe(byBranch.get(`topic-${delivery.run}`));
    }
    // Each of the deliveries that were acknowledged is kept with its reason, and only one of each run opened something.
    expect(answers.filter(({ answer }) => answer.dedup_status === 'new').length).toBeGreaterThanOrEqual(RUNS);
    const ids = new Set(answers.map(({ answer }) => answer.delivery_id));
    const sample = [...ids].filter((_, index) => index % 20 === 0);
    for (const id of sample) {
      const delivery = await get<{ remediation_id: string; reason: { code: string } }>(
        `${service.url}/api/deliveries/${id}`,
      );
      expect(['new_failure', 'same_run', 'same_branch']).toContain(delivery.reason.code);
    }
  });
});
