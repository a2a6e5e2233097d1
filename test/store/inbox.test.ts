import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { InboxFullError } from '../../src/store/inbox.ts';
import { encodeRecord, INBOX_MAGIC } from '../../src/store/inbox-format.ts';
import { aKept, copied, opened, takeAll, turn } from './support/inbox.ts';
import { type Failure, StandInDisk } from './support/stand-in-disk.ts';

const never = new AbortController().signal;
const some = (from: number, to: number, bytes?: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => aKept(from + index, bytes));
const sizeOf = (n: number, bytes?: number): number =>
  encodeRecord(aKept(n, bytes)).reduce((sum, part) => sum + part.byteLength, 0);

describe('what was put into the inbox', () => {
  it('comes out in its order, byte for byte, and again until it is done', async () => {
    const { inbox } = await opened({ files: new StandInDisk().attach() });
    await Promise.all(some(1, 5).map((one) => inbox.put(one)));
    expect(inbox.arrived).toBe(5);
    expect(copied((await inbox.take(3, never)).deliveries)).toEqual(some(1, 3));
    const again = await inbox.take(3, never);
    expect(copied(again.deliveries)).toEqual(some(1, 3));
    await again.done();
    expect(await takeAll(inbox)).toEqual(some(4, 5));
    expect(inbox.waiting()).toEqual({ bytes: 0, oldest: null });
  });

  it('is there for the next process, in front of what that one puts in', async () => {
    const files = new StandInDisk();
    const first = await opened({ files: files.attach() });
    for (const one of some(1, 3)) await first.inbox.put(one);
    const second = await opened({ files: files.attach() });
    await second.inbox.put(aKept(4));
    expect(await takeAll(second.inbox)).toEqual(some(1, 4));
    await second.inbox.close();
    expect(files.files.size).toBe(0);
    expect(files.open).toBe(0);
  });

  it('stays when the inbox is closed, unless it is done', async () => {
    const files = new StandInDisk();
    const { inbox } = await opened({ files: files.attach() });
    for (const one of some(1, 4)) await inbox.put(one);
    const { done } = await inbox.take(2, never);
    await done();
    await inbox.close();
    expect(files.open).toBe(0);
    await expect(inbox.put(aKept(5))).rejects.toThrow(InboxFullError);
    expect((await inbox.take(1, never)).deliveries).toEqual([]);
    const again = await opened({ files: files.attach() });
    // Those that are done may come again: the store knows them.
    expect((await takeAll(again.inbox)).slice(-2)).toEqual(some(3, 4));
  });

  it('is waited for by a close in the middle of writing', async () => {
    const files = new StandInDisk();
    const { inbox } = await opened({ files: files.attach() });
    const puts = some(1, 3).map((one) => inbox.put(one));
    await inbox.close();
    await Promise.all(puts);
    expect(await takeAll((await opened({ files: files.attach() })).inbox)).toEqual(some(1, 3));
  });

  it('does not come again when all of it was done, whatever comes later', async () => {
    const files = new StandInDisk();
    const { inbox } = await opened({ files: files.attach() });
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(some(round * 10, round * 10 + 5, 500 - round * 100).map((one) => inbox.put(one)));
      await takeAll(inbox);
    }
    await inbox.put(aKept(99));
    expect(await takeAll((await opened({ files: files.attach() })).inbox)).toEqual([aKept(99)]);
  });

  it('is written together with what arrives meanwhile', async () => {
    const files = new StandInDisk();
    const { inbox } = await opened({ files: files.attach() });
    await Promise.all(some(1, 3_000).map((one) => inbox.put(one)));
    expect(files.writes).toBeLessThan(4);
    expect(await takeAll(inbox, 5_000)).toEqual(some(1, 3_000));
  });

  it('tells how long the oldest waits', async () => {
    const { inbox } = await opened({ files: new StandInDisk().attach() });
    for (const one of some(1, 3)) await inbox.put(one);
    expect(inbox.waiting()).toEqual({ bytes: sizeOf(1) + sizeOf(2) + sizeOf(3), oldest: aKept(1).receivedAt });
    await (await inbox.take(1, never)).done();
    const { bytes, oldest } = inbox.waiting();
    expect(bytes).toBe(sizeOf(2) + sizeOf(3));
    expect(oldest).toBeGreaterThanOrEqual(aKept(1).receivedAt);
    expect(oldest).toBeLessThanOrEqual(aKept(2).receivedAt);
  });
});

describe('files of the inbox', () => {
  it('are begun when one is long enough, and removed when all in them is done', async () => {
    const files = new StandInDisk();
    const { inbox } = await opened({ files: files.attach(), fileBytes: 3 * sizeOf(1) });
    for (const one of some(1, 9)) await inbox.put(one);
    expect([...files.files.keys()]).toEqual([1, 2, 3]);
    await (await inbox.take(3, never)).done();
    expect([...files.files.keys()]).toEqual([2, 3]);
    expect(await takeAll(inbox, 2)).toEqual(some(4, 9));
    await inbox.close();
    expect(files.files.size).toBe(0);
    expect(files.open).toBe(0);
  });

  it('are looked through by id, digest and sender’s id while they go', async () => {
    const files = new StandInDisk();
    const { inbox } = await opened({ files: files.attach(), fileBytes: 2 * sizeOf(1) });
    for (const one of some(1, 8)) await inbox.put(one);
    const last = aKept(8);
    for (const id of [last.id, last.digest, String(last.externalId)])
      expect(copied([(await inbox.find(id)) ?? aKept(0)])).toEqual([last]);
    const looks = [inbox.find(last.id), inbox.find('nobody'), inbox.find(aKept(1).id)];
    expect(await takeAll(inbox, 1)).toEqual(some(1, 8));
    const [found, nobody, early] = await Promise.all(looks);
    expect(nobody).toBeNull();
    // Either it was still there or it is in the store by now; never another one.
    expect([last.id, undefined]).toContain(found?.id);
    expect([aKept(1).id, undefined]).toContain(early?.id);
    expect(await inbox.find(last.id)).toBeNull();
  });

  it('are looked through for Healer’s own id first, which a sender may have taken for its own', async () => {
    const { inbox } = await opened({ files: new StandInDisk().attach() });
    await inbox.put(aKept(1, 40, { externalId: aKept(3).digest }));
    await inbox.put(aKept(2, 40, { externalId: aKept(3).id }));
    await inbox.put(aKept(3));
    expect((await inbox.find(aKept(3).digest))?.id).toBe(aKept(3).id);
    expect((await inbox.find(aKept(3).id))?.id).toBe(aKept(3).id);
  });

  it('give the body of one that is found by its sender’s id whole, however much is behind it', async () => {
    const { inbox } = await opened({ files: new StandInDisk().attach() });
    await Promise.all(some(1, 20, 100_000).map((one) => inbox.put(one)));
    expect(copied([(await inbox.find('sender-1')) ?? aKept(0)])).toEqual([aKept(1, 100_000)]);
  });

  it('take what is larger than one reading', async () => {
    const files = new StandInDisk();
    const { inbox } = await opened({ files: files.attach() });
    const all = [aKept(1, 3_000_000), aKept(2), aKept(3, 9_000_000), aKept(4, 300_000), aKept(5)];
    await Promise.all(all.map((one) => inbox.put(one)));
    const taken = await takeAll((await opened({ files: files.attach() })).inbox);
    expect(taken.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    for (const [index, { body }] of taken.entries())
      expect(Buffer.compare(body, all[index]?.body ?? Buffer.alloc(0))).toBe(0);
  });
});

describe('an inbox that is full', () => {
  it('refuses what does not fit, and takes it when there is room', async () => {
    const { inbox } = await opened({ files: new StandInDisk().attach(), maxBytes: 3 * sizeOf(1) + 5 });
    const puts = await Promise.allSettled(some(1, 5).map((one) => inbox.put(one)));
    expect(puts.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    await expect(inbox.put(aKept(6))).rejects.toThrow(InboxFullError);
    await (await inbox.take(1, never)).done();
    await inbox.put(aKept(6));
    expect(await takeAll(inbox)).toEqual([aKept(2), aKept(3), aKept(6)]);
  });

  it('holds only so much in memory while the disk hangs', async () => {
    const files = new StandInDisk();
    const { promise, resolve } = Promise.withResolvers<void>();
    files.gate = promise;
    const { inbox } = await opened({ files: files.attach() });
    const body = Buffer.alloc(8 * 1024 * 1024);
    const outcomes: string[] = [];
    const puts = some(1, 12).map((one) =>
      inbox.put({ ...one, body }).then(
        () => outcomes.push('kept'),
        () => outcomes.push('refused'),
      ),
    );
    await turn();
    expect(outcomes).toEqual(Array.from({ length: 5 }, () => 'refused'));
    resolve();
    await Promise.all(puts);
    await inbox.put(aKept(13));
    expect(inbox.arrived).toBe(8);
  });
});

describe('a disk that fails', () => {
  it.each<Failure>(['write', 'short write', 'sync'])(
    'in a %s refuses the batch, and nothing before or behind',
    async (how) => {
      const files = new StandInDisk();
      const { inbox } = await opened({ files: files.attach() });
      for (const one of some(1, 2)) await inbox.put(one);
      files.failure = how;
      const refused = await Promise.allSettled(some(3, 4).map((one) => inbox.put(one)));
      expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      files.failure = null;
      for (const one of some(5, 6)) await inbox.put(one);
      const after = await opened({ files: files.attach() });
      const ids = (await takeAll(after.inbox)).map(({ id }) => id);
      // Nobody knows whether the disk has what was refused.
      expect(ids.filter((id) => ![aKept(3).id, aKept(4).id].includes(id))).toEqual(
        [...some(1, 2), ...some(5, 6)].map(({ id }) => id),
      );
      expect(after.told).toEqual([]);
    },
  );

  it('does not give to this process what it refused', async () => {
    const files = new StandInDisk();
    const { inbox } = await opened({ files: files.attach() });
    await inbox.put(aKept(1));
    files.failure = 'sync';
    await expect(inbox.put(aKept(2))).rejects.toThrow('sync');
    files.failure = null;
    await inbox.put(aKept(3));
    expect(await takeAll(inbox)).toEqual([aKept(1), aKept(3)]);
  });

  it('for a long time leaves no file behind for every try', async () => {
    const files = new StandInDisk();
    const { inbox } = await opened({ files: files.attach() });
    for (const how of ['write', 'sync'] as const) {
      files.failure = how;
      for (const one of some(1, 20)) await expect(inbox.put(one)).rejects.toThrow(how);
    }
    expect(files.files.size).toBe(0);
    expect(files.open).toBe(0);
    files.failure = null;
    files.cannotCreate = true;
    await expect(inbox.put(aKept(1))).rejects.toThrow('no file');
    files.cannotCreate = false;
    await inbox.put(aKept(2));
    expect(await takeAll(inbox)).toEqual([aKept(2)]);
  });

  it('to read is told to who takes, and nothing is lost by it', async () => {
    const files = new StandInDisk();
    const { inbox } = await opened({ files: files.attach() });
    await inbox.put(aKept(1));
    files.cannotRead = true;
    await expect(inbox.take(1, never)).rejects.toThrow('cannot read');
    expect(await inbox.find(aKept(1).id)).toBeNull();
    files.cannotRead = false;
    expect(await takeAll(inbox)).toEqual([aKept(1)]);
  });

  it('to cut begins another file', async () => {
    const files = new StandInDisk();
    const { inbox, told } = await opened({ files: files.attach() });
    await inbox.put(aKept(1));
    files.cannotCut = true;
    expect(await takeAll(inbox)).toEqual([aKept(1)]);
    expect(told.map(({ message }) => message)).toEqual(['a file of the inbox cannot be cut; another one is begun']);
    await inbox.put(aKept(2));
    expect(await takeAll((await opened({ files: files.attach() })).inbox)).toEqual([aKept(2)]);
  });
});

describe('a part that was damaged', () => {
  /** Four records in file 1; gives where each begins. */
  async function four(): Promise<{ files: StandInDisk; starts: number[] }> {
    const files = new StandInDisk();
    const { inbox } = await opened({ files: files.attach() });
    for (const one of some(1, 4)) await inbox.put(one);
    const starts = [1, 2, 3, 4].map((n) => INBOX_MAGIC.length + (n - 1) * sizeOf(1));
    return { files, starts };
  }

  it.each([
    ['its body', sizeOf(2) - 1],
    ['its head', 30],
    ['the length of its head', 0],
    ['the high byte of that length', 3],
    ['the length of its body', 4],
    ['the high byte of that length', 7],
    ['the checksum of the lengths', 9],
    ['the checksum of the rest', 13],
  ])('costs only the one in whose middle it is, and is told: %s', async (_, at) => {
    const { files, starts } = await four();
    files.flip(1, (starts[1] ?? 0) + at);
    const damaged = Buffer.from(files.bytes(1));
    const { inbox, told } = await opened({ files: files.attach() });
    expect(await takeAll(inbox)).toEqual([aKept(1), aKept(3), aKept(4)]);
    expect(told.map(({ message }) => message)).toEqual([
      'a part of the inbox cannot be read',
      'a file of the inbox was put aside, for parts of it cannot be read',
    ]);
    expect(told[0]?.fields).toEqual({ file: 1, at: starts[1], bytes: sizeOf(2) });
    expect(files.aside).toEqual([damaged]);
    expect(files.files.size).toBe(0);
  });

  it('is found out also when it is the last, or the line that names the format', async () => {
    const { files, starts } = await four();
    files.flip(1, 3);
    files.flip(1, (starts[3] ?? 0) + 1);
    const { inbox, told } = await opened({ files: files.attach() });
    expect(await takeAll(inbox)).toEqual(some(1, 3));
    expect(told).toHaveLength(3);
    expect(files.aside).toHaveLength(1);
  });

  it('is put aside by a close as well, and is not written over', async () => {
    const files = new StandInDisk();
    const { inbox, told } = await opened({ files: files.attach() });
    for (const one of some(1, 2)) await inbox.put(one);
    files.flip(1, INBOX_MAGIC.length + 40);
    expect(await takeAll(inbox)).toEqual([aKept(2)]);
    await inbox.put(aKept(3));
    await inbox.close();
    expect(files.aside).toHaveLength(1);
    expect(told).toHaveLength(2);
    expect(await takeAll((await opened({ files: files.attach() })).inbox)).toEqual([aKept(3)]);
  });

  it('far behind is searched for over many readings', async () => {
    const files = new StandInDisk();
    const { inbox } = await opened({ files: files.attach() });
    const all = [aKept(1), aKept(2, 2_000_000), aKept(3)];
    for (const one of all) await inbox.put(one);
    files.flip(1, INBOX_MAGIC.length + sizeOf(1) + 6);
    const after = await opened({ files: files.attach() });
    expect(await takeAll(after.inbox)).toEqual([aKept(1), aKept(3)]);
    expect(after.told[0]?.fields).toMatchObject({ bytes: sizeOf(2, 2_000_000) });
  });
});

describe('who waits for a delivery', () => {
  it('has it as soon as there is one', async () => {
    const { inbox } = await opened({ files: new StandInDisk().attach() });
    const taking = inbox.take(5, never);
    await turn();
    await inbox.put(aKept(1));
    expect(copied((await taking).deliveries)).toEqual([aKept(1)]);
  });

  it.each(['its signal', 'a close'])('stops waiting by %s, and leaves no listener behind', async (how) => {
    const { inbox } = await opened({ files: new StandInDisk().attach() });
    const stop = new AbortController();
    const taking = inbox.take(5, stop.signal);
    await turn();
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
    if (how === 'a close') await inbox.close();
    else stop.abort();
    const { deliveries, done } = await taking;
    expect(deliveries).toEqual([]);
    await done();
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    expect((await inbox.take(5, AbortSignal.abort())).deliveries).toEqual([]);
  });

  it('leaves no listener behind for each delivery either', async () => {
    const { inbox } = await opened({ files: new StandInDisk().attach() });
    const stop = new AbortController();
    for (const one of some(1, 20)) {
      const taking = inbox.take(5, stop.signal);
      await turn();
      await inbox.put(one);
      await (await taking).done();
    }
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });
});
