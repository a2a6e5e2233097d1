import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openInbox } from '../../src/store/inbox.ts';
import { inboxFiles } from '../../src/store/inbox-files.ts';
import { INBOX_MAGIC } from '../../src/store/inbox-format.ts';
import { temporaryFolder } from '../support/service.ts';
import { aKept, opened, takeAll } from './support/inbox.ts';

const never = new AbortController().signal;
const some = (from: number, to: number, bytes?: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => aKept(from + index, bytes));

describe('the inbox in a folder', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  const names = (): string[] => readdirSync(folder.path).sort();
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());
  const open = () => opened({ dir: folder.path, fileBytes: 20_000 });

  it('keeps what arrives in files that only their owner reads', async () => {
    const { inbox } = await open();
    expect(names()).toEqual([]);
    await Promise.all(some(1, 3, 15_000).map((one) => inbox.put(one)));
    await inbox.put(aKept(4));
    expect(names()).toEqual(['0000000001.inbox', '0000000002.inbox']);
    for (const name of names()) expect(statSync(join(folder.path, name)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder.path, '0000000001.inbox')).subarray(0, INBOX_MAGIC.length)).toEqual(INBOX_MAGIC);
    await inbox.close();
    const next = await open();
    await next.inbox.put(aKept(5));
    expect(names()).toEqual(['0000000001.inbox', '0000000002.inbox', '0000000003.inbox']);
    expect(await takeAll(next.inbox)).toEqual([...some(1, 3, 15_000), aKept(4), aKept(5)]);
    // The file that is written to is empty and stays until the end.
    expect(names()).toEqual(['0000000003.inbox']);
    expect(statSync(join(folder.path, '0000000003.inbox')).size).toBe(INBOX_MAGIC.length);
    await next.inbox.close();
    expect(names()).toEqual([]);
  });

  it('takes a batch of more pieces than one call of the operating system does', async () => {
    const { inbox } = await opened({ dir: folder.path });
    await Promise.all(some(1, 5_000, 1).map((one) => inbox.put(one)));
    await inbox.put(aKept(5_001, 0, { body: Buffer.alloc(0) }));
    await inbox.close();
    const all = await takeAll((await opened({ dir: folder.path })).inbox, 10_000);
    expect(all.map(({ id }) => id)).toEqual(some(1, 5_001).map(({ id }) => id));
    expect(all.at(-1)?.body).toEqual(Buffer.alloc(0));
  });

  it('passes over the end of a file whose process died while it wrote, wherever that was', async () => {
    const { inbox } = await opened({ dir: folder.path });
    for (const one of some(1, 3)) await inbox.put(one);
    const path = join(folder.path, '0000000001.inbox');
    const whole = readFileSync(path);
    const { bytes } = inbox.waiting();
    await inbox.close();
    const two = INBOX_MAGIC.length + Math.round((bytes * 2) / 3);
    for (let end = whole.length - 1; end >= two; end -= 7) {
      writeFileSync(path, whole);
      truncateSync(path, end);
      const { inbox: again, told } = await opened({ dir: folder.path });
      expect(await takeAll(again)).toEqual(some(1, 2));
      expect(told).toEqual([]);
      await again.close();
      expect(names()).toEqual([]);
    }
    // The length was on the disk, and the content not.
    writeFileSync(path, Buffer.concat([whole.subarray(0, two), Buffer.alloc(whole.length - two)]));
    const { inbox: last, told } = await opened({ dir: folder.path });
    expect(await takeAll(last)).toEqual(some(1, 2));
    expect(told).toEqual([]);
    await last.close();
  });

  it('puts a damaged file aside, and a second one of the same number beside it', async () => {
    for (const _ of [1, 2]) {
      const { inbox } = await opened({ dir: folder.path });
      for (const one of some(1, 3)) await inbox.put(one);
      await inbox.close();
      const path = join(folder.path, '0000000001.inbox');
      const bytes = readFileSync(path);
      bytes[INBOX_MAGIC.length + 50] = 0;
      writeFileSync(path, bytes);
      const { inbox: again, told } = await opened({ dir: folder.path });
      expect(await takeAll(again)).toEqual(some(2, 3));
      expect(told).toHaveLength(2);
      expect(told[1]?.fields['file']).toMatch(/\.damaged$/);
      await again.close();
    }
    expect(names()).toEqual(['0000000001.inbox.2.damaged', '0000000001.inbox.damaged']);
    // They are for people, and are not read again.
    const { inbox, told } = await opened({ dir: folder.path });
    expect(inbox.waiting().bytes).toBe(0);
    expect(told).toEqual([]);
    await inbox.close();
  });

  it('leaves other files alone, and removes those in which nothing is', async () => {
    writeFileSync(join(folder.path, 'README'), 'mine');
    writeFileSync(join(folder.path, '12.inbox'), 'mine');
    writeFileSync(join(folder.path, '0000000007.inbox'), INBOX_MAGIC);
    writeFileSync(join(folder.path, '0000000009.inbox'), '');
    const { inbox } = await open();
    await inbox.put(aKept(1));
    expect(names()).toEqual(['0000000010.inbox', '12.inbox', 'README']);
    await takeAll(inbox);
    await inbox.close();
    expect(names()).toEqual(['12.inbox', 'README']);
  });

  it('refuses when its folder is gone, and takes again when it is back', async () => {
    const { inbox } = await opened({ dir: join(folder.path, 'inbox') });
    await expect(inbox.put(aKept(1))).rejects.toThrow('ENOENT');
    mkdirSync(join(folder.path, 'inbox'));
    await inbox.put(aKept(2));
    expect((await inbox.take(5, never)).deliveries.map(({ id }) => id)).toEqual([aKept(2).id]);
    await inbox.close();
  });

  it('says what is wrong with a folder that it cannot read', async () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    await expect(openInbox({ dir: file, maxBytes: 1, onError: () => {} })).rejects.toThrow('ENOTDIR');
  });

  it('never writes over a file that is there', async () => {
    const files = inboxFiles(folder.path);
    await (await files.create(1)).close();
    await expect(files.create(1)).rejects.toThrow('EEXIST');
  });
});
