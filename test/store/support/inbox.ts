import { sha256 } from '../../../src/lib/digest.ts';
import type { Delivery } from '../../../src/model/delivery.ts';
import { type Inbox, type InboxOptions, openInbox } from '../../../src/store/inbox.ts';

/** The n-th delivery, with `bytes` of body that occur in no other. */
export function aKept(n: number, bytes = 40, changes: Partial<Delivery> = {}): Delivery {
  const text = `{"n":${n}}`;
  const body = Buffer.alloc(Math.max(bytes, text.length), `${n} `);
  body.write(text);
  return {
    id: `DEL${String(n).padStart(8, '0')}`,
    origin: 'ci-failure',
    event: 'workflow_job',
    externalId: `sender-${n}`,
    digest: sha256(body),
    receivedAt: 1_750_000_000_000 + n,
    body,
    ...changes,
  };
}

export interface Told {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Opened {
  readonly inbox: Inbox;
  /** What was said about what cannot be read. */
  readonly told: readonly Told[];
}

export async function opened(options: Partial<InboxOptions>): Promise<Opened> {
  const told: Told[] = [];
  const onError: InboxOptions['onError'] = (message, fields) => void told.push({ message, fields });
  return { inbox: await openInbox({ dir: '/nowhere', maxBytes: 1024 ** 3, onError, ...options }), told };
}

/** A copy that the next `take` does not write over. */
export function copied(deliveries: readonly Delivery[]): Delivery[] {
  return deliveries.map((delivery) => ({ ...delivery, body: Buffer.from(delivery.body) }));
}

/** Everything that is in there now, in its order; done with each batch. */
export async function takeAll(inbox: Inbox, limit = 7): Promise<Delivery[]> {
  const all: Delivery[] = [];
  while (inbox.waiting().bytes > 0) {
    const stop = new AbortController();
    let isTaken = false;
    const taking = inbox.take(limit, stop.signal).finally(() => {
      isTaken = true;
    });
    // Where all that is left cannot be read it is passed over, and nothing comes any more.
    while (!isTaken) {
      if (inbox.waiting().bytes === 0) stop.abort();
      await turn();
    }
    const { deliveries, done } = await taking;
    all.push(...copied(deliveries));
    await done();
  }
  return all;
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
