import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type InboxReader, openServiceInbox, putInto, readInbox } from '../../src/app/inbox.ts';
import type { Log } from '../../src/app/log.ts';
import { settingsSchema } from '../../src/app/settings.ts';
import { interpretDelivery } from '../../src/intake/interpret.ts';
import type { AcceptMeta } from '../../src/intake/routes.ts';
import type { Delivery } from '../../src/model/delivery.ts';
import type { Inbox } from '../../src/store/inbox.ts';
import { answerFor } from '../intake/support/service.ts';
import { aKept, copied, opened, takeAll } from '../store/support/inbox.ts';
import { StandInDisk } from '../store/support/stand-in-disk.ts';
import { aBody } from '../support/deliveries.ts';
import { temporaryFolder } from '../support/service.ts';

const aFailure = (n: number): Delivery => aKept(n, 0, { body: Buffer.from(aBody(n)) });
const some = (from: number, to: number): Delivery[] =>
  Array.from({ length: to - from + 1 }, (_, index) => aFailure(from + index));
const idsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ id }) => id);

interface Decided extends AcceptMeta {
  readonly delivery: Delivery;
}

describe('the reader of the inbox', () => {
  const readers: InboxReader[] = [];
  afterEach(async () => {
    for (const reader of readers.splice(0)) await reader.stop();
  });

  /** A reader on a disk of its own, with a store that takes what `takes` does not throw for. */
  async function reading(
    given: { files?: StandInDisk; takes?: (delivery: Delivery) => void | Promise<void> } = {},
  ): Promise<{ files: StandInDisk; inbox: Inbox; decided: Decided[]; errors: string[]; start: () => InboxReader }> {
    const { files = new StandInDisk(), takes = () => {} } = given;
    const { inbox } = await opened({ files: files.attach() });
    const decided: Decided[] = [];
    const errors: string[] = [];
    const start = (): InboxReader => {
      const reader = readInbox({
        inbox,
        interpret: (delivery) => interpretDelivery(delivery),
        isStored: async (digest) => decided.some(({ delivery }) => delivery.digest === digest),
        accept: async (delivery, meta) => {
          await takes(delivery);
          const twin = decided.find(
            (one) =>
              one.delivery.digest === delivery.digest ||
              (delivery.externalId !== null && one.delivery.externalId === delivery.externalId),
          );
          if (twin !== undefined) return answerFor(twin.delivery, meta);
          decided.push({ delivery: copied([delivery])[0] as Delivery, ...meta });
          return answerFor(delivery, meta);
        },
        onError: (message) => void errors.push(message),
      });
      readers.push(reader);
      return reader;
    };
    return { files, inbox, decided, errors, start };
  }

  it('has everything decided in the order in which it came, with what it says', async () => {
    const { inbox, decided, errors, start } = await reading();
    await Promise.all(some(1, 150).map((one) => inbox.put(one)));
    start();
    await expect.poll(() => inbox.waiting().bytes).toBe(0);
    for (const one of some(151, 153)) await inbox.put(one);
    await expect.poll(() => inbox.waiting().bytes).toBe(0);
    expect(decided.map(({ delivery }) => delivery)).toEqual(some(1, 153));
    expect(decided[0]).toMatchObject({
      signals: [{ kind: 'ci_failed', runId: 1, branch: 'topic-1' }],
      ignored: null,
      preferWaitMs: 0,
    });
    expect(errors).toEqual([]);
  });

  it('names event and sender as the body does where no header did', async () => {
    const { inbox, decided, start } = await reading();
    const wrapped = JSON.stringify({
      body: JSON.parse(aBody(1)),
      headers: { 'X-Github-Event': ['workflow_job'], 'X-Github-Delivery': ['inner'] },
    });
    await inbox.put(aKept(1, 0, { event: null, externalId: null, body: Buffer.from(wrapped) }));
    start();
    await expect.poll(() => decided.length).toBe(1);
    const { event, externalId, body } = decided[0]?.delivery ?? {};
    expect({ event, externalId }).toEqual({ event: 'workflow_job', externalId: 'inner' });
    expect(Buffer.from(body ?? []).toString()).toBe(wrapped);
  });

  it.each([
    ['not JSON', 'this is no JSON', 'workflow_job', /JSON/],
    ['empty', '', 'workflow_job', /./],
    ['not of the shape', '{"action":"completed","workflow_job":7}', 'workflow_job', /workflow_job/],
    ['nameless', '{"a":1}', null, /no X-GitHub-Event/],
  ])('ignores a body that is %s, with the reason, and goes on', async (_, text, event, detail) => {
    const { inbox, decided, errors, start } = await reading();
    await inbox.put(aKept(1, 0, { event, body: Buffer.from(text) }));
    await inbox.put(aFailure(2));
    start();
    await expect.poll(() => decided.length).toBe(2);
    expect(decided[0]?.signals).toEqual([]);
    expect(decided[0]?.ignored?.code).toBe('unreadable');
    expect(decided[0]?.ignored?.detail).toMatch(detail);
    expect(Buffer.from(decided[0]?.delivery.body ?? []).toString()).toBe(text);
    expect(decided[1]).toMatchObject({ ignored: null, signals: [{ kind: 'ci_failed' }] });
    expect(errors).toEqual([]);
  });

  it('leaves a reason for a body under an id that another one had, and none for one that it knows', async () => {
    const { inbox, decided, start } = await reading();
    const first = aFailure(1);
    const other = aKept(2, 0, { externalId: first.externalId, body: Buffer.from(aBody(2)) });
    for (const one of [first, other, { ...first, id: 'DELAGAIN' }, { ...other, id: 'DELOTHER' }]) await inbox.put(one);
    start();
    await expect.poll(() => inbox.waiting().bytes).toBe(0);
    expect(
      decided.map(({ delivery: { id, externalId }, ignored, signals }) => [
        id,
        externalId,
        ignored?.code,
        signals.length,
      ]),
    ).toEqual([
      [first.id, first.externalId, undefined, 1],
      [other.id, null, 'known_id', 0],
    ]);
  });

  it('tries again what the store does not take, and forgets nothing meanwhile', async () => {
    const refused = new Set(idsOf(some(3, 5)));
    const { files, inbox, decided, errors, start } = await reading({
      takes: ({ id }) => {
        if (refused.has(id)) throw new Error('the store is full');
      },
    });
    await Promise.all(some(1, 6).map((one) => inbox.put(one)));
    start();
    await expect.poll(() => errors.length).toBeGreaterThan(1);
    expect(decided).toHaveLength(3);
    // A process that ends now leaves all of them to the next one; the store knows those that it has.
    expect(idsOf(await takeAll((await opened({ files: copyOf(files).attach() })).inbox))).toEqual(idsOf(some(1, 6)));
    refused.clear();
    await expect.poll(() => inbox.waiting().bytes).toBe(0);
    expect(idsOf(decided.map(({ delivery }) => delivery)).sort()).toEqual(idsOf(some(1, 6)));
    expect(new Set(errors)).toEqual(new Set(['deliveries of the inbox wait for the store']));
  });

  it('ends a wait for the store when it is stopped, and leaves what is not decided for the next start', async () => {
    const { files, inbox, decided, start } = await reading({
      takes: ({ id }) => {
        if (id !== aFailure(1).id) throw new Error('the store hangs');
      },
    });
    await Promise.all(some(1, 4).map((one) => inbox.put(one)));
    const reader = start();
    await expect.poll(() => decided.length).toBe(1);
    await reader.stop();
    await inbox.close();
    const next = await reading({ files });
    next.start();
    await expect.poll(() => next.inbox.waiting().bytes).toBe(0);
    expect(next.decided.map(({ delivery }) => delivery)).toEqual(some(1, 4));
  });

  it('finishes the batch under way when it is stopped', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { inbox, decided, start } = await reading({ takes: () => promise });
    await Promise.all(some(1, 200).map((one) => inbox.put(one)));
    const reader = start();
    const stopped = reader.stop();
    resolve();
    await stopped;
    // One batch at most; the others stay.
    expect(decided.length).toBeLessThan(200);
    const left = idsOf(await takeAll(inbox));
    expect([...idsOf(decided.map(({ delivery }) => delivery)), ...left]).toEqual(idsOf(some(1, 200)));
  });

  it('stops at once while it waits for a delivery, and while it rests in a storm', async () => {
    const waits = await reading();
    await waits.start().stop();
    const storm = await reading();
    let sent = 0;
    const reader = storm.start();
    // More arrives than is decided, until it has rested.
    while (storm.decided.length < 64) {
      await Promise.all(some(sent + 1, sent + 100).map((one) => storm.inbox.put(one)));
      sent += 100;
    }
    await reader.stop();
    const left = idsOf(await takeAll(storm.inbox, 500));
    expect([...idsOf(storm.decided.map(({ delivery }) => delivery)), ...left]).toEqual(idsOf(some(1, sent)));
  });

  it('says when the disk cannot be read, and reads again when it can', async () => {
    const { files, inbox, decided, errors, start } = await reading();
    await inbox.put(aFailure(1));
    files.cannotRead = true;
    start();
    await expect.poll(() => errors).toContain('the inbox cannot be read');
    files.cannotRead = false;
    await expect.poll(() => decided.length).toBe(1);
  });
});

describe('the inbox of the service', () => {
  const open = async (given: Record<string, unknown>) => {
    const told: unknown[] = [];
    const log = { error: (...args: unknown[]) => void told.push(args) } as unknown as Log;
    return { inbox: await openServiceInbox(settingsSchema.parse(given), log), told };
  };

  it('is a folder that only its owner reads, and there is none with PostgreSQL', async () => {
    const folder = temporaryFolder();
    const dataDir = join(folder.path, 'data');
    const shared = { dataDir, databaseUrl: 'postgres://127.0.0.1:9/none' };
    expect(await open(shared)).toEqual({ inbox: null, told: [] });
    const { inbox } = await open({ dataDir });
    expect(statSync(join(dataDir, 'inbox')).mode & 0o777).toBe(0o700);
    await inbox?.put(aFailure(1));
    await inbox?.close();
    // What is left in it is not forgotten silently by who changes the store.
    const changed = await open(shared);
    expect(changed.inbox).toBeNull();
    expect(JSON.stringify(changed.told)).toContain('0000000001.inbox');
    folder.remove();
  });

  it('holds as much as the settings say', async () => {
    const folder = temporaryFolder();
    const { inbox } = await open({ dataDir: folder.path, limits: { inboxMegabytes: 1 } });
    const body = Buffer.alloc(600 * 1024);
    await inbox?.put(aKept(1, 0, { body }));
    await expect(inbox?.put(aKept(2, 0, { body }))).rejects.toThrow('as much as it may');
    await inbox?.close();
    folder.remove();
  });
});

describe('the door to the inbox', () => {
  const errors: string[] = [];
  const onError = (message: string): void => void errors.push(message);
  afterEach(() => void errors.splice(0));

  it('says that it took a delivery when it is on the disk', async () => {
    const { inbox } = await opened({ files: new StandInDisk().attach() });
    expect(await putInto(inbox, onError)(aFailure(1))).toBe(true);
    expect(idsOf(await takeAll(inbox))).toEqual([aFailure(1).id]);
  });

  it('is closed without a word while it is full, and with one when the disk fails', async () => {
    const full = await opened({ files: new StandInDisk().attach(), maxBytes: 10 });
    expect(await putInto(full.inbox, onError)(aFailure(1))).toBe(false);
    expect(errors).toEqual([]);
    const files = new StandInDisk();
    files.failure = 'sync';
    const { inbox } = await opened({ files: files.attach() });
    expect(await putInto(inbox, onError)(aFailure(1))).toBe(false);
    expect(errors).toEqual(['the inbox did not take a delivery, which is decided about at once']);
  });
});

/** What another process would find. */
function copyOf(files: StandInDisk): StandInDisk {
  const copy = new StandInDisk();
  for (const [number, { bytes }] of files.files) copy.put(number, bytes);
  return copy;
}
