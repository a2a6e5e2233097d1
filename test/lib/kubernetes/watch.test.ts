import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetryableError } from '../../../src/lib/errors.ts';
import { ResourceExpired } from '../../../src/lib/kubernetes/errors.ts';
import type { KubernetesObject } from '../../../src/lib/kubernetes/objects.ts';
import {
  createReflector,
  type Reflector,
  type WatchEvent,
  type WatchSource,
} from '../../../src/lib/kubernetes/watch.ts';

/** Time that passes when a test says so. */
class Hours {
  now = 0;
  readonly #planned = new Set<{ at: number; run: () => void }>();
  readonly schedule = (ms: number, run: () => void) => {
    const entry = { at: this.now + ms, run };
    this.#planned.add(entry);
    return () => void this.#planned.delete(entry);
  };

  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      await settle();
      const next = [...this.#planned].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#planned.delete(next);
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = until;
    await settle();
  }
}

/** Lets everything that is ready to run do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

type Mood = 'well' | 'refusing' | 'expired' | 'silent' | 'closing';

/** An API server in memory, whose answers a test can spoil. */
class Server implements WatchSource {
  readonly objects = new Map<string, KubernetesObject>();
  readonly history: WatchEvent[] = [];
  revision = 0;
  mood: Mood = 'well';
  lists = 0;
  watches = 0;
  /** Revisions up to this one are forgotten. */
  forgotten = 0;
  #wake: (() => void)[] = [];

  write(name: string, value: number): void {
    this.revision += 1;
    const object = made(name, this.revision, value);
    this.#add({ type: this.objects.has(name) ? 'MODIFIED' : 'ADDED', object });
    this.objects.set(name, object);
  }

  remove(name: string): void {
    if (!this.objects.delete(name)) return;
    this.revision += 1;
    this.#add({ type: 'DELETED', object: made(name, this.revision, 0) });
  }

  bookmark(): void {
    this.#add({ type: 'BOOKMARK', object: made('', this.revision, 0) });
  }

  #add(event: WatchEvent): void {
    this.history.push(event);
    for (const wake of this.#wake.splice(0)) wake();
  }

  change(mood: Mood): void {
    this.mood = mood;
    if (mood === 'expired') this.forgotten = this.revision;
    for (const wake of this.#wake.splice(0)) wake();
  }

  async list(onItem: (object: KubernetesObject) => void) {
    // Two pages, so that reading a list takes several answers; what changes between them is told by the watch.
    const all = [...this.objects.values()];
    const half = Math.ceil(all.length / 2);
    const revision = String(this.revision);
    for (const items of [all.slice(0, half), all.slice(half)]) {
      this.lists += 1;
      if (this.moodNow() === 'refusing') throw new RetryableError('503', { retryAfterMs: null });
      for (const object of items) onItem(object);
      await Promise.resolve();
    }
    return revision;
  }

  /** As it is now: it changes while a watch waits. */
  moodNow(): Mood {
    return this.mood;
  }

  async *watch(resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    this.watches += 1;
    let from = Number(resourceVersion);
    if (this.mood === 'refusing') throw new RetryableError('503');
    if (from < this.forgotten) throw new ResourceExpired('too old resource version');
    let at = this.history.findIndex(
      ({ object, type }) => type !== 'BOOKMARK' && Number(object.metadata.resourceVersion) > from,
    );
    if (at < 0) at = this.history.length;
    for (;;) {
      if (signal.aborted) throw new Error('aborted');
      if (this.moodNow() === 'closing') return;
      if (this.moodNow() === 'refusing') throw new RetryableError('cut');
      if (this.mood === 'expired' && from < this.forgotten) throw new ResourceExpired('gone');
      const event = this.mood === 'silent' ? undefined : this.history[at];
      if (event !== undefined) {
        at += 1;
        from = Number(event.object.metadata.resourceVersion);
        yield event;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}

function made(name: string, revision: number, value: number): KubernetesObject {
  const metadata = { name, uid: name, resourceVersion: String(revision), creationTimestamp: '2026-01-01T00:00:00Z' };
  return { metadata, value };
}

interface Scene {
  readonly server: Server;
  readonly hours: Hours;
  readonly reflector: Reflector<number>;
  readonly told: (readonly [string, number | null])[];
  readonly problems: string[];
  /** Names and values of the objects that were read, in order. */
  readonly read: string[];
}

function scene(): Scene {
  const [server, hours] = [new Server(), new Hours()];
  const told: Scene['told'] = [];
  const problems: string[] = [];
  const read: string[] = [];
  const reflector = createReflector<number>({
    source: server,
    keep: (object) => {
      read.push(`${object.metadata.name}=${object['value']}`);
      return Number(object['value']);
    },
    onChange: (name, now) => void told.push([name, now]),
    onProblem: (message) => void problems.push(message),
    clock: () => hours.now,
    schedule: hours.schedule,
    random: () => 0.5,
    idleMs: 100_000,
    resyncMs: 3_600_000,
  });
  return { server, hours, reflector, told, problems, read };
}

const pictureOf = ({ reflector, server }: Scene) =>
  Object.fromEntries([...server.objects.keys()].map((name) => [name, reflector.get(name)]));
const truth = ({ server }: Scene) =>
  Object.fromEntries([...server.objects].map(([name, object]) => [name, object['value']]));

describe('a watch', () => {
  it('lists every page once and follows from there', async () => {
    const given = scene();
    for (const name of ['a', 'b', 'c']) given.server.write(name, 1);
    given.reflector.start();
    await given.reflector.synced();
    expect(given.told.map(([name]) => name)).toEqual(['a', 'b', 'c']);
    given.server.write('b', 2);
    given.server.remove('a');
    await settle();
    expect(given.told.slice(3)).toEqual([
      ['b', 2],
      ['a', null],
    ]);
    expect(given.server.lists).toBe(2);
    await given.reflector.stop();
  });

  it('reads no object twice: not what was written here, and not what a later list finds unchanged', async () => {
    const { server, hours, reflector, read } = scene();
    for (const name of ['a', 'b']) server.write(name, 1);
    reflector.start();
    await reflector.synced();
    reflector.offer(made('a', server.revision + 1, 2));
    server.write('a', 2);
    await settle();
    expect(read).toEqual(['a=1', 'b=1', 'a=2']);
    server.write('b', 3);
    server.change('expired');
    await settle();
    server.change('well');
    await hours.pass(60_000);
    expect(server.lists).toBe(4);
    expect(reflector.get('b')).toBe(3);
    expect(read).toEqual(['a=1', 'b=1', 'a=2', 'b=3']);
    await reflector.stop();
  });

  it('opens anew where it was when the server ends it, without listing', async () => {
    const { server, hours, reflector } = scene();
    server.write('a', 1);
    reflector.start();
    await reflector.synced();
    await hours.pass(5_000);
    server.bookmark();
    await settle();
    server.change('closing');
    await settle();
    server.change('well');
    await hours.pass(1_000);
    server.write('a', 7);
    await settle();
    expect(reflector.get('a')).toBe(7);
    expect(server.lists).toBe(2);
    await reflector.stop();
  });

  it('lists again when its revision is gone, and notices what was removed meanwhile (410)', async () => {
    const { server, hours, reflector, told } = scene();
    for (const name of ['a', 'b']) server.write(name, 1);
    reflector.start();
    await reflector.synced();
    server.change('refusing');
    await settle();
    server.remove('a');
    server.write('b', 2);
    server.change('expired');
    await hours.pass(60_000);
    expect(reflector.get('a')).toBeUndefined();
    expect(reflector.get('b')).toBe(2);
    expect(told.slice(2)).toEqual(
      expect.arrayContaining([
        ['a', null],
        ['b', 2],
      ]),
    );
    await reflector.stop();
  });

  it('does not believe a silent connection for ever [R19]', async () => {
    const { server, hours, reflector, problems } = scene();
    server.write('a', 1);
    reflector.start();
    await reflector.synced();
    server.change('silent');
    server.write('a', 2);
    await hours.pass(99_000);
    expect(server.watches).toBe(1);
    await hours.pass(2_000);
    expect(server.watches).toBe(2);
    expect(problems.join()).toContain('said nothing for 100 s');
    // The second silence in a row casts doubt on the revision itself: the list knows better.
    await hours.pass(101_000);
    expect(reflector.get('a')).toBe(2);
    await reflector.stop();
  });

  it('takes a bookmark for a sign of life', async () => {
    const { server, hours, reflector } = scene();
    reflector.start();
    await reflector.synced();
    for (let minute = 0; minute < 20; minute += 1) {
      await hours.pass(60_000);
      server.bookmark();
      await settle();
      expect(reflector.lastEventAt).toBe(hours.now);
    }
    expect(server.watches).toBe(1);
    await reflector.stop();
  });

  it('pauses longer and longer while the server refuses, and as long as the server says', async () => {
    const { server, hours, reflector } = scene();
    server.change('refusing');
    reflector.start();
    await hours.pass(600_000);
    // 250 ms doubled to half a minute: some 30 tries in ten minutes, not thousands.
    expect(server.lists).toBeGreaterThan(15);
    expect(server.lists).toBeLessThan(45);
    server.change('well');
    await hours.pass(30_000);
    expect(reflector.isSynced).toBe(true);
    await reflector.stop();
  });

  it('lists everything anew now and then, whatever the watch says', async () => {
    const { server, hours, reflector } = scene();
    reflector.start();
    await reflector.synced();
    for (let minute = 0; minute < 61; minute += 1) {
      await hours.pass(60_000);
      server.bookmark();
    }
    await settle();
    expect(server.lists).toBe(4);
    await reflector.stop();
  });

  it('knows what was written by ourselves before the watch tells of it, and is not thrown back by what it tells late', async () => {
    const { server, reflector, told } = scene();
    server.write('a', 1);
    reflector.start();
    await reflector.synced();
    server.change('silent');
    server.write('a', 2);
    server.write('a', 3);
    const newest = server.objects.get('a');
    if (newest !== undefined) reflector.offer(newest);
    expect(reflector.get('a')).toBe(3);
    server.change('well');
    await settle();
    expect(told).toEqual([
      ['a', 1],
      ['a', 3],
    ]);
    await reflector.stop();
  });

  it('goes on from the last event that it saw', async () => {
    const { server, hours, reflector } = scene();
    server.write('a', 1);
    reflector.start();
    await reflector.synced();
    server.write('a', 2);
    await settle();
    server.change('closing');
    await settle();
    // What was seen may be forgotten by the server; who goes on from there does not mind.
    server.forgotten = server.revision;
    server.change('well');
    await hours.pass(5_000);
    expect(server.lists).toBe(2);
    await reflector.stop();
  });

  it('does not bring back what it saw removed', async () => {
    const { server, reflector } = scene();
    server.write('a', 1);
    reflector.start();
    await reflector.synced();
    const late = server.objects.get('a');
    server.remove('a');
    await settle();
    if (late !== undefined) reflector.offer(late);
    expect(reflector.get('a')).toBeUndefined();
    await reflector.stop();
  });

  it('has the truth in the end, whatever the server did on the way', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), name: fc.constantFrom('a', 'b', 'c'), value: fc.nat(99) }),
      fc.record({ kind: fc.constant('remove' as const), name: fc.constantFrom('a', 'b', 'c') }),
      fc.record({
        kind: fc.constant('mood' as const),
        mood: fc.constantFrom<Mood>('well', 'refusing', 'expired', 'silent', 'closing'),
      }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(200_000) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const given = scene();
        const { server, hours, reflector, told } = given;
        reflector.start();
        for (const move of steps) {
          if (move.kind === 'write') server.write(move.name, move.value);
          else if (move.kind === 'remove') server.remove(move.name);
          else if (move.kind === 'mood') server.change(move.mood);
          else await hours.pass(move.ms);
        }
        server.change('well');
        await hours.pass(400_000);
        expect(pictureOf(given)).toEqual(truth(given));
        expect(reflector.size).toBe(server.objects.size);
        // What was told, in order, leads to the same picture.
        const heard = new Map<string, number>();
        for (const [name, value] of told)
          if (value === null) heard.delete(name);
          else heard.set(name, value);
        expect(Object.fromEntries(heard)).toEqual(truth(given));
        await reflector.stop();
      }),
      { numRuns: 60 },
    );
  });
});
