import { createHmac, randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Webhook } from './options.ts';
import type { Recorder } from './recorder.ts';
import type { GitHubEvent } from './shapes/events.ts';
import type { World } from './world.ts';

/** GitHub gives a receiver ten seconds, then counts the delivery as failed and never tries again by itself. */
const PATIENCE_MS = 10_000;

/** A line of the delivery file: what is to be sent. */
interface Delivery {
  readonly id: string;
  readonly event: string;
  readonly body: string;
}

/** The other kind of line: what came of it; null when the receiver was not reached. */
interface Outcome {
  readonly id: string;
  readonly answered: number | null;
}

/** Sends events one after the other, in the order in which they happened. Never retries, as GitHub does not. */
export class WebhookSender {
  readonly #world: World;
  #target: Webhook | null;
  readonly #recorder: Recorder;
  readonly #file: string;
  readonly #closing = new AbortController();
  #tail: Promise<void> = Promise.resolve();

  /** @param file JSON lines, only ever appended to: deliveries, and how each attempt went */
  constructor(world: World, target: Webhook | null, recorder: Recorder, file: string) {
    this.#file = file;
    // A line that a kill cut off must not run into the next one.
    if (existsSync(file)) appendFileSync(file, '\n');
    this.#world = world;
    this.#target = target;
    this.#recorder = recorder;
  }

  setTarget(target: Webhook): void {
    this.#target = target;
  }

  /** Writes the event down and queues it. */
  send({ event, body }: GitHubEvent): void {
    if (this.#target === null) return;
    const delivery: Delivery = { id: randomUUID(), event, body: JSON.stringify(body) };
    this.#write(delivery);
    this.#enqueue(delivery);
  }

  /** Sends again, under the same ids, what nobody acknowledged. Answers how many. */
  redeliver(): number {
    const lost = new Map<string, Delivery>();
    for (const line of existsSync(this.#file) ? readFileSync(this.#file, 'utf8').split('\n') : []) {
      const entry = parseLine(line);
      if (entry === null) continue;
      if ('body' in entry) lost.set(entry.id, entry);
      else if (isAcknowledged(entry.answered)) lost.delete(entry.id);
    }
    for (const delivery of lost.values()) this.#enqueue(delivery);
    return lost.size;
  }

  /** Answers when the queue is empty. */
  async settled(): Promise<void> {
    let tail: Promise<void>;
    do {
      tail = this.#tail;
      await tail;
    } while (tail !== this.#tail);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#tail;
  }

  #enqueue(delivery: Delivery): void {
    this.#tail = this.#tail.then(() => this.#deliver(delivery));
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const target = this.#target;
    if (target === null || this.#closing.signal.aborted) return;
    const answered = await this.#post(target, delivery);
    this.#write({ id: delivery.id, answered });
    const body: unknown = JSON.parse(delivery.body);
    this.#recorder.add({ kind: 'delivery', id: delivery.id, event: delivery.event, body, status: answered });
    if (!isAcknowledged(answered)) {
      this.#world.log(`webhook ${delivery.event} was not acknowledged (${answered ?? 'no answer'})`);
    }
  }

  #write(entry: Delivery | Outcome): void {
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  async #post(target: Webhook, delivery: Delivery): Promise<number | null> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(PATIENCE_MS)]);
    try {
      const answer = await fetch(target.url, {
        method: 'POST',
        headers: headersOf(delivery, target.secret, this.#world),
        body: delivery.body,
        signal,
      });
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      return null;
    }
  }
}

function headersOf(delivery: Delivery, secret: string, world: World): Record<string, string> {
  const signature = createHmac('sha256', secret).update(delivery.body).digest('hex');
  return {
    accept: '*/*',
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/a15c0de',
    'x-github-delivery': delivery.id,
    'x-github-event': delivery.event,
    'x-github-hook-id': '462871913',
    'x-github-hook-installation-target-id': String(world.owner.length * 1_000_003),
    'x-github-hook-installation-target-type': 'repository',
    'x-hub-signature-256': `sha256=${signature}`,
  };
}

/** Null for the empty line at the end and for one that a kill cut off. */
function parseLine(line: string): Delivery | Outcome | null {
  try {
    return line === '' ? null : (JSON.parse(line) as Delivery | Outcome);
  } catch {
    return null;
  }
}

const isAcknowledged = (status: number | null): boolean => status !== null && status >= 200 && status < 300;
