import { createElection, type Election, type LeasePort } from '../../../src/coderun/reconcile/leader.ts';
import type { ElectionPolicy, LeaseContent, LeaseRecord } from '../../../src/coderun/reconcile/leader-decision.ts';

/** One contender: how wrong its clock is, and when the operating system does not let it run (true time, milliseconds). */
export interface Contender {
  readonly offset: number;
  /** How fast its clock runs: 1 is right. */
  readonly rate: number;
  readonly startsAt: number;
  readonly stopsAt?: number;
  readonly pauses?: readonly { readonly from: number; readonly to: number }[];
}

/** How long a request travels there and back, and whether its answer is lost. Taken in turn, again and again. */
export interface Journey {
  readonly there: number;
  readonly back: number;
  readonly fails: 'never' | 'before' | 'after';
}

export interface LeaderWorld {
  readonly contenders: readonly Contender[];
  readonly journeys: readonly Journey[];
  readonly policy: ElectionPolicy;
  readonly untilMs: number;
  /** When somebody deletes the lease. */
  readonly deletedAt?: number;
}

export interface LeaderStory {
  /** Names of those who led at the same moment, with the moment. */
  readonly overlaps: readonly { readonly at: number; readonly who: readonly number[] }[];
  /** Milliseconds in which somebody led. */
  readonly ledMs: number;
  /** Who told its listeners what, in order. */
  readonly told: readonly string[];
  readonly record: LeaseRecord | null;
  /** Who led at the end. */
  readonly leaders: readonly number[];
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly owner: number | null;
  readonly run: () => void;
  isOff: boolean;
}

/** Looks at all contenders this often, in milliseconds of true time. */
const LOOK_MS = 100;

/** A world of its own time: nothing in it waits. */
export async function runLeaderWorld(world: LeaderWorld): Promise<LeaderStory> {
  const clockwork = new Clockwork(world);
  return clockwork.run();
}

class Clockwork {
  readonly #world: LeaderWorld;
  readonly #events: Event[] = [];
  readonly #elections: Election[];
  readonly #told: string[] = [];
  #now = 0;
  #order = 0;
  #journey = 0;
  #record: LeaseRecord | null = null;
  #version = 0;

  constructor(world: LeaderWorld) {
    this.#world = world;
    this.#elections = world.contenders.map((contender, index) => this.#contender(contender, index));
  }

  async run(): Promise<LeaderStory> {
    const overlaps: { at: number; who: readonly number[] }[] = [];
    let ledMs = 0;
    for (let at = 0; at <= this.#world.untilMs; at += LOOK_MS) this.#at(at, null, () => {});
    if (this.#world.deletedAt !== undefined) this.#at(this.#world.deletedAt, null, () => (this.#record = null));
    for (let event = this.#nextEvent(); event !== null; event = this.#nextEvent()) {
      const before = this.#now;
      if (this.#leaders().length > 0) ledMs += event.at - before;
      this.#now = event.at;
      event.run();
      // Whatever the event set going comes to rest before time goes on.
      await new Promise((done) => setImmediate(done));
      const who = this.#leaders();
      if (who.length > 1) overlaps.push({ at: this.#now, who });
    }
    return { overlaps, ledMs, told: this.#told, record: this.#record, leaders: this.#leaders() };
  }

  #leaders(): readonly number[] {
    return this.#elections.flatMap((election, index) => (election.isLeader() ? [index] : []));
  }

  #nextEvent(): Event | null {
    const due = this.#events.filter((event) => !event.isOff).toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
    this.#events.splice(0, this.#events.length, ...this.#events.filter((event) => !event.isOff && event !== due));
    return due === undefined || due.at > this.#world.untilMs ? null : due;
  }

  /** What belongs to a contender that is paused then happens when it goes on. */
  #at(at: number, owner: number | null, run: () => void): Event {
    const pauses = owner === null ? [] : (this.#world.contenders[owner]?.pauses ?? []);
    const pause = pauses.find(({ from, to }) => at >= from && at < to);
    if (pause !== undefined) return this.#at(pause.to, owner, run);
    const event = { at, order: this.#order++, owner, run, isOff: false };
    this.#events.push(event);
    return event;
  }

  #contender({ offset, rate, startsAt, stopsAt }: Contender, index: number): Election {
    const election = createElection({
      lease: this.#port(index),
      self: `healer-${index}`,
      policy: this.#world.policy,
      monotonic: () => offset + this.#now * rate,
      clock: () => 1_000_000 + offset + this.#now * rate,
      schedule: (ms, run) => {
        const event = this.#at(this.#now + ms / rate, index, run);
        return () => {
          event.isOff = true;
        };
      },
      random: () => 0.5,
      onError: () => {},
    });
    election.subscribe((isLeader) => this.#told.push(`${index} ${isLeader ? 'leads' : 'follows'}`));
    this.#at(startsAt, index, () => election.start());
    if (stopsAt !== undefined) this.#at(stopsAt, index, () => void election.stop());
    return election;
  }

  #port(owner: number): LeasePort {
    return {
      read: (signal) => this.#travel(owner, signal, () => this.#record),
      write: (content, over, signal) => this.#travel(owner, signal, () => this.#write(content, over)),
    };
  }

  #write(content: LeaseContent, over: string | null): LeaseRecord | null {
    // As the API server does it: a deleted Lease is made anew by a write over its last version.
    if (this.#record !== null && this.#record.version !== over) return null;
    this.#version += 1;
    this.#record = { ...content, version: String(this.#version) };
    return this.#record;
  }

  #travel<T>(owner: number, signal: AbortSignal, work: () => T): Promise<T> {
    const { journeys } = this.#world;
    const { there, back, fails } = journeys[this.#journey++ % journeys.length] as Journey;
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('given up')), { once: true });
      // Once it was sent it arrives, whether or not its sender still runs or waits.
      this.#at(this.#now + there, null, () => {
        const result = fails === 'before' ? null : work();
        this.#at(this.#now + back, owner, () => {
          if (fails === 'never') resolve(result as T);
          else reject(new Error('connection lost'));
        });
      });
    });
  }
}
