/**
 * Kills a service at random moments under load and holds it to its word: what was acknowledged was acted on, each
 * exactly once, whether its sender waited for the decision or only until it was kept. Used by the test (50 times) and by
 * `npm run bench:kill` (200 times).
 */
import { randomInt, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256 } from '../../src/lib/digest.ts';
import { INBOX_MAGIC } from '../../src/store/inbox-format.ts';
import { openStore } from '../../src/store/open.ts';

export interface Victim {
  readonly url: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** Starts a service on the folder; called again after each kill. */
export type StartVictim = (dir: string) => Promise<Victim>;

export interface KillOptions {
  readonly dir: string;
  readonly kills: number;
  readonly start: StartVictim;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly senders: number;
  /**
   * Every other kill comes at a random moment within this time of load, milliseconds; the others a random moment after
   * a random number of answers, so that a slow machine is killed in the middle of its work as well.
   */
  readonly withinMs: number;
  readonly withinAnswers: number;
}

export interface KillReport {
  readonly kills: number;
  /** Requests that were sent, again and again included. */
  readonly sent: number;
  /** Different deliveries that were acknowledged. */
  readonly acknowledged: number;
  /** Those of them that were acknowledged before the last start, once at least, as kept and not decided yet. */
  readonly keptFirst: number;
  /** Kills that left something in the inbox. */
  readonly inboxesLeft: number;
  /** Requests that broke off under the kill and were sent again. */
  readonly brokenOff: number;
  readonly remediations: number;
  /** What went wrong, in words; empty when the service kept its word. */
  readonly faults: readonly string[];
}

interface Sent {
  readonly id: string;
  readonly branch: string;
  readonly body: string;
}

interface Answer {
  readonly status: string;
  readonly dedup_status: string;
  readonly delivery_id: string;
  readonly remediation_id: string | null;
  readonly reason: { readonly code: string };
}

/** GitHub's own example, cut to what it needs, of a run, job and branch. */
function bodyMaker(): (run: number, job: number) => string {
  const file = createRequire(import.meta.url).resolve('@octokit/webhooks-examples/api.github.com/index.json');
  const groups = JSON.parse(readFileSync(file, 'utf8')) as { name: string; examples: Record<string, unknown>[] }[];
  const examples = groups.find(({ name }) => name === 'workflow_job')?.examples as {
    workflow_job: Record<string, unknown>;
    repository: { id: number; full_name: string; default_branch: string };
  }[];
  const example = examples.find(({ workflow_job: job }) => job['conclusion'] === 'failure');
  if (example === undefined) throw new Error('The package has no example of a failed workflow_job.');
  const { id, full_name, default_branch } = example.repository;
  return (run, job) =>
    JSON.stringify({
      action: 'completed',
      workflow_job: {
        ...example.workflow_job,
        id: run * 10 + job,
        run_id: run,
        name: `job ${job}`,
        head_branch: `topic-${run}`,
        head_sha: run.toString(16).padStart(40, 'a'),
      },
      repository: { id, full_name, default_branch },
    });
}

/** Of each run two jobs, and the first of them once more under its own id: a redelivery. */
function* deliveries(): Generator<Sent, never> {
  const body = bodyMaker();
  for (let run = 1; ; run += 1) {
    const branch = `topic-${run}`;
    const first = { id: randomUUID(), branch, body: body(run, 1) };
    yield first;
    yield { id: randomUUID(), branch, body: body(run, 2) };
    yield first;
  }
}

class Ledger {
  sent = 0;
  brokenOff = 0;
  readonly faults: string[] = [];
  inboxesLeft = 0;
  /** What was acknowledged: with the first answer that told of a decision, if there was one. */
  readonly answers = new Map<string, { readonly sent: Sent; decided: Answer | null; isKept: boolean }>();

  #waiting: { left: number; readonly reached: () => void } | null = null;

  /** Resolves after so many more answers and less than three milliseconds. */
  async after(answers: number): Promise<void> {
    await new Promise<void>((reached) => {
      this.#waiting = { left: answers, reached };
    });
    await sleep(randomInt(0, 3));
  }

  /** The first decision stands; every later answer has to say the same, or that the delivery is kept. */
  note(sent: Sent, status: number, answer: Answer, isAsync: boolean): void {
    if (status !== 202) this.faults.push(`${sent.id} was answered ${status}: ${JSON.stringify(answer)}`);
    if (this.#waiting !== null) {
      this.#waiting.left -= 1;
      if (this.#waiting.left <= 0) this.#waiting.reached();
    }
    const known = this.answers.get(sent.id) ?? { sent, decided: null, isKept: false };
    this.answers.set(sent.id, known);
    if (isAsync) {
      known.isKept = true;
      if (answer.reason.code !== 'kept' || meaning(answer) !== `accepted new ${sha256(sent.body)} `)
        this.faults.push(`${sent.id} was not answered as kept, but ${meaning(answer)}`);
    } else if (known.decided === null) known.decided = answer;
    else if (meaning(known.decided) !== meaning(answer))
      this.faults.push(`${sent.id} was first answered ${meaning(known.decided)}, then ${meaning(answer)}`);
  }
}

const meaning = ({ status, dedup_status, delivery_id, remediation_id }: Answer): string =>
  [status, dedup_status, delivery_id, remediation_id].join(' ');

export async function killAndCount(options: KillOptions): Promise<KillReport> {
  const ledger = new Ledger();
  const source = deliveries();
  let kept: Sent[] = [];
  for (let kill = 1; kill <= options.kills; kill += 1) {
    const victim = await options.start(options.dir);
    const load = sendUntilBroken(victim.url, options, ledger, source, kept);
    await (kill % 2 === 0 ? sleep(randomInt(1, options.withinMs)) : ledger.after(randomInt(1, options.withinAnswers)));
    await victim.kill();
    kept = await load;
    ledger.brokenOff += kept.length;
    if (isLeft(options.dir)) ledger.inboxesLeft += 1;
  }
  const keptFirst = [...ledger.answers.values()].filter(({ isKept }) => isKept).length;
  // Once before anything is sent again, which could hide a loss, and once after.
  await settle(options);
  await check(options, ledger);
  const last = await options.start(options.dir);
  await repeatAll(last.url, options, ledger, kept);
  await last.kill();
  await settle(options);
  const remediations = await check(options, ledger);
  const { sent, answers, inboxesLeft, brokenOff, faults } = ledger;
  const counts = { kills: options.kills, sent, acknowledged: answers.size, keptFirst, inboxesLeft, brokenOff };
  return { ...counts, remediations, faults };
}

/** Starts it, and ends it when everything that was kept is decided. */
async function settle({ dir, start }: KillOptions): Promise<void> {
  const victim = await start(dir);
  await untilInboxIsEmpty(victim.url);
  await victim.kill();
}

/** Whether the inbox holds anything, done or not. */
function isLeft(dir: string): boolean {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.inbox'));
  return files.some((name) => statSync(join(dir, name)).size > INBOX_MAGIC.length);
}

/** Everything that was kept is decided then. */
async function untilInboxIsEmpty(url: string): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const waiting = /^healer_inbox_bytes (\d+)$/m.exec(metrics)?.[1];
    if (waiting === undefined) throw new Error('The metrics do not say what is in the inbox.');
    if (Number(waiting) === 0) return;
    await sleep(20);
  }
}

/** Sends until the service is gone; gives back what was not answered, as a sender keeps it. */
async function sendUntilBroken(
  url: string,
  options: KillOptions,
  ledger: Ledger,
  source: Iterator<Sent, never>,
  kept: readonly Sent[],
): Promise<Sent[]> {
  const again = [...kept];
  const broken: Sent[] = [];
  const send = async (): Promise<void> => {
    for (;;) {
      const next = again.pop() ?? source.next().value;
      // In turns, so that of one delivery and its redelivery each goes either way.
      if (!(await post(url, options, ledger, next, ledger.sent % 2 === 0))) {
        broken.push(next);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: options.senders }, send));
  return [...again, ...broken];
}

/** What was kept, and everything that was ever acknowledged once more, in both ways: it gets the same answer. */
async function repeatAll(url: string, options: KillOptions, ledger: Ledger, kept: readonly Sent[]): Promise<void> {
  const queue = [...kept, ...[...ledger.answers.values()].map(({ sent }) => sent)];
  const send = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      if (!(await post(url, options, ledger, next, false)) || !(await post(url, options, ledger, next, true)))
        ledger.faults.push(`${next.id} was not answered by a service that lived`);
  };
  await Promise.all(Array.from({ length: options.senders }, send));
}

/** False when the connection broke. `isAsync`: it is enough that the delivery is kept. */
async function post(url: string, options: KillOptions, ledger: Ledger, sent: Sent, isAsync: boolean): Promise<boolean> {
  ledger.sent += 1;
  try {
    const response = await fetch(`${url}${options.path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'workflow_job',
        'x-github-delivery': sent.id,
        ...(isAsync ? { prefer: 'respond-async' } : {}),
        ...options.headers,
      },
      body: sent.body,
    });
    ledger.note(sent, response.status, (await response.json()) as Answer, isAsync);
    return true;
  } catch {
    return false;
  }
}

/** Looks into the store itself: not at what the service says of it. Gives how many remediations there are. */
async function check({ dir }: KillOptions, ledger: Ledger): Promise<number> {
  const { faults } = ledger;
  const store = await openStore({ kind: 'sqlite', dir });
  try {
    const kept = await store.db
      .selectFrom('deliveries')
      .select(['id', 'external_id', 'digest', 'state', 'remediation_id'])
      .execute();
    const remediations = await store.db.selectFrom('remediations').select(['id', 'branch', 'lineage_id']).execute();
    const openings = await store.db
      .selectFrom('timeline')
      .select(['remediation_id', (eb) => eb.fn.countAll<number>().as('count')])
      .where('event', '=', 'opened')
      .groupBy('remediation_id')
      .execute();
    const byDigest = new Map(kept.map((row) => [row.digest, row]));
    const branchOf = new Map(remediations.map(({ id, branch }) => [id, branch]));
    for (const { sent, decided } of ledger.answers.values()) {
      const row = byDigest.get(sha256(sent.body));
      if (row === undefined) faults.push(`${sent.id} was acknowledged and is not kept`);
      else if (row.state !== 'decided') faults.push(`${sent.id} was acknowledged and is ${row.state}`);
      if (row !== undefined && row.external_id !== sent.id) faults.push(`${sent.id} is kept as ${row.external_id}`);
      if (decided !== null && row?.id !== decided.delivery_id)
        faults.push(`${sent.id} was answered as ${decided.delivery_id} and is kept as ${row?.id}`);
      if (decided !== null && row?.remediation_id !== decided.remediation_id)
        faults.push(`${sent.id} was answered ${decided.remediation_id} and is kept with ${row?.remediation_id}`);
      if (branchOf.get(row?.remediation_id ?? '') !== sent.branch)
        faults.push(`${sent.id} led to a remediation that is not that of ${sent.branch}`);
    }
    const twice = remediations.length - new Set(remediations.map(({ branch }) => branch)).size;
    if (twice > 0) faults.push(`${twice} branches have more than one remediation`);
    const keptTwice = kept.length - new Set(kept.map((row) => row.external_id)).size;
    if (keptTwice > 0) faults.push(`${keptTwice} deliveries are kept more than once`);
    if (openings.length !== remediations.length) faults.push('a remediation has no entry of its opening');
    for (const { remediation_id: id, count } of openings)
      if (Number(count) !== 1) faults.push(`${id} was opened ${count} times`);
    return remediations.length;
  } finally {
    await store.close();
  }
}
