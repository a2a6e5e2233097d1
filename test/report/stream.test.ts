import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TimelineEntry } from '../../src/model/remediation.ts';
import { createEventStream, type EventStream, type StreamTarget } from '../../src/report/stream.ts';
import type { Store } from '../../src/store/open.ts';
import { appendTimeline } from '../../src/store/timeline.ts';
import { makeRemediation, NOW, openSeeded, ulid } from './seed.ts';

/** A reader whose socket takes everything, or nothing. */
class FakeReader extends EventEmitter {
  text = '';
  destroyed = false;
  ended = false;
  writableLength = 0;
  takes = true;

  get writableNeedDrain(): boolean {
    return this.writableLength > 0;
  }

  write(bytes: Buffer | string): boolean {
    this.text += String(bytes);
    if (!this.takes) this.writableLength += bytes.length;
    return this.takes;
  }

  end(): void {
    this.ended = true;
    this.emit('close');
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }

  /** The socket took what was waiting. */
  take(): void {
    this.takes = true;
    this.writableLength = 0;
    this.emit('drain');
  }

  get ids(): number[] {
    return [...this.text.matchAll(/^id: (\d+)\ndata: /gm)].map(([, id]) => Number(id));
  }

  get target(): StreamTarget {
    return this as unknown as StreamTarget;
  }
}

let store: Store;
let streams: EventStream[];

beforeEach(async () => {
  store = await openSeeded([
    { remediation: makeRemediation() },
    { remediation: makeRemediation({ id: ulid(2), taskId: 'ci-2', subjectKey: 'other' }) },
  ]);
  streams = [];
});
afterEach(async () => {
  for (const stream of streams) stream.close();
  await store.close();
});

function make(options: Partial<Parameters<typeof createEventStream>[0]> = {}): EventStream {
  const stream = createEventStream({ store, pollMs: 60_000, ...options });
  streams.push(stream);
  return stream;
}

const entry = (message: string): TimelineEntry => ({ at: NOW, phase: 'working', event: 'spoke', message });

async function write(count: number, id = ulid(1)): Promise<void> {
  await store.transaction((tx) =>
    appendTimeline(
      tx,
      id,
      Array.from({ length: count }, (_, index) => entry(`entry ${index}`)),
    ),
  );
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  await expect.poll(isSo, { message: what }).toBe(true);
}

describe('the stream', () => {
  it('gives every entry as it is written, with its number, to every reader', async () => {
    const stream = make();
    const [one, two] = [new FakeReader(), new FakeReader()];
    await write(2);
    stream.attach(one.target, { after: null, remediationId: null });
    stream.attach(two.target, { after: null, remediationId: null });
    await until(() => one.text !== '' && two.text !== '', 'both are greeted');
    expect(one.text).toBe('retry: 2000\nid: 2\n\n');
    await write(1);
    stream.wake();
    await until(() => one.ids.length === 1 && two.ids.length === 1, 'both have the entry');
    const [, data = ''] = /data: (.*)\n\n$/.exec(two.text) ?? [];
    expect(JSON.parse(data)).toEqual({
      id: 3,
      remediation_id: ulid(1),
      task_id: 'ci-16204417720',
      repository: 'acme/shop',
      at: '2026-03-14T09:30:00.000Z',
      phase: 'working',
      event: 'spoke',
      message: 'entry 0',
    });
  });

  it('keeps line ends of entries from ending the entry', async () => {
    const stream = make();
    const reader = new FakeReader();
    stream.attach(reader.target, { after: 0, remediationId: null });
    await store.transaction((tx) => appendTimeline(tx, ulid(1), [entry('one\n\ndata: two\r\nid: 99')]));
    stream.wake();
    await until(() => reader.ids.length === 1, 'the entry came');
    expect(reader.ids).toEqual([1]);
  });

  it('goes on after the number a reader names, through all pages, and then with what is new', async () => {
    const stream = make();
    await write(450);
    const reader = new FakeReader();
    stream.attach(reader.target, { after: 5, remediationId: null });
    await until(() => reader.ids.length === 445, 'the backlog came');
    await write(1);
    stream.wake();
    await until(() => reader.ids.length === 446, 'the new one came');
    expect(reader.ids).toEqual(Array.from({ length: 446 }, (_, index) => index + 6));
  });

  it('loses and repeats nothing that is written while a reader catches up', async () => {
    const stream = make();
    await write(300);
    const first = new FakeReader();
    stream.attach(first.target, { after: null, remediationId: null });
    await until(() => first.text !== '', 'somebody reads already');
    const reader = new FakeReader();
    stream.attach(reader.target, { after: 0, remediationId: null });
    for (let n = 0; n < 20; n += 1) {
      await write(10);
      stream.wake();
    }
    await until(() => reader.ids.length >= 500 && first.ids.length >= 200, 'everything came');
    expect(reader.ids).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    expect(first.ids).toEqual(Array.from({ length: 200 }, (_, index) => index + 301));
  });

  it('tells of one remediation only when that is asked for', async () => {
    const stream = make();
    await write(2);
    await write(2, ulid(2));
    const reader = new FakeReader();
    stream.attach(reader.target, { after: 0, remediationId: ulid(2) });
    await until(() => reader.ids.length === 2, 'the backlog came');
    await write(1);
    await write(1, ulid(2));
    stream.wake();
    await until(() => reader.ids.length === 3, 'the new one came');
    expect(reader.ids).toEqual([3, 4, 6]);
  });

  it('begins anew for a number that this store never gave', async () => {
    const stream = make();
    await write(3);
    const reader = new FakeReader();
    stream.attach(reader.target, { after: 1_000_000, remediationId: null });
    await until(() => reader.text !== '', 'it is greeted');
    expect(reader.text).toBe('retry: 2000\nid: 3\n\n');
  });

  it('sees what other processes write', async () => {
    const stream = make({ pollMs: 5 });
    const reader = new FakeReader();
    stream.attach(reader.target, { after: 0, remediationId: null });
    await until(() => reader.text !== '', 'it is greeted');
    await write(1);
    await expect.poll(() => reader.ids).toEqual([1]);
  });

  it('says now and then that it is there', async () => {
    const stream = make({ heartbeatMs: 5 });
    const reader = new FakeReader();
    stream.attach(reader.target, { after: null, remediationId: null });
    await expect.poll(() => reader.text).toContain(': still here\n\n');
  });

  it('drops a reader that takes nothing, and no other', async () => {
    const stream = make({ maxBuffered: 2_000 });
    const [slow, quick] = [new FakeReader(), new FakeReader()];
    stream.attach(slow.target, { after: null, remediationId: null });
    stream.attach(quick.target, { after: null, remediationId: null });
    await until(() => slow.text !== '' && quick.text !== '', 'both are greeted');
    slow.takes = false;
    await write(30);
    stream.wake();
    await until(() => quick.ids.length === 30, 'the quick one has everything');
    expect(slow.destroyed).toBe(true);
    expect(slow.writableLength).toBeLessThan(2_500);
    expect(stream.readers).toBe(1);
  });

  it('waits for a reader that catches up, page by page, and drops it when it never takes them', async () => {
    const stream = make();
    await write(600);
    const reader = new FakeReader();
    reader.takes = false;
    stream.attach(reader.target, { after: 0, remediationId: null });
    await until(() => reader.ids.length === 200, 'the first page is written');
    await write(1);
    stream.wake();
    await new Promise((done) => setTimeout(done, 20));
    expect(reader.ids).toHaveLength(200);
    reader.take();
    await until(() => reader.ids.length === 601, 'the rest came');

    const patient = make({ drainMs: 5 });
    const stuck = new FakeReader();
    stuck.takes = false;
    patient.attach(stuck.target, { after: 0, remediationId: null });
    await expect.poll(() => stuck.destroyed).toBe(true);
    expect(patient.readers).toBe(0);
  });

  it('forgets readers that go, and ends all when it closes', async () => {
    const stream = make({ maxReaders: 2 });
    const [one, two] = [new FakeReader(), new FakeReader()];
    stream.attach(one.target, { after: null, remediationId: null });
    stream.attach(two.target, { after: null, remediationId: null });
    expect([stream.readers, stream.isFull]).toEqual([2, true]);
    one.destroy();
    expect([stream.readers, stream.isFull]).toEqual([1, false]);
    stream.close();
    expect([two.ended, stream.readers]).toEqual([true, 0]);
  });

  it('says when the store cannot be read, and drops who waits for it', async () => {
    const told: string[] = [];
    const stream = make({ onError: (message) => told.push(message) });
    const reader = new FakeReader();
    await store.close();
    stream.attach(reader.target, { after: 3, remediationId: null });
    await until(() => reader.destroyed, 'it is dropped');
    expect(told).toEqual(['a reader of the stream was dropped']);
    store = await openSeeded();
  });
});
