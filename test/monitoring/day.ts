import { type Acceptor, createAcceptor } from '../../src/app/accept.ts';
import { createCore } from '../../src/app/core.ts';
import { readBreaker } from '../../src/app/load.ts';
import { settingsSchema } from '../../src/app/settings.ts';
import { loadRules } from '../../src/decide/route/load.ts';
import type { AgentName } from '../../src/model/agent.ts';
import type { Fact } from '../../src/model/fact.ts';
import { isTerminal, type Remediation } from '../../src/model/remediation.ts';
import { createMetrics, type Metrics } from '../../src/report/metrics.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { setPaused } from '../../src/store/pauses.ts';
import { findRemediation } from '../../src/store/remediations.ts';
import { aDelivery, aReport, checksRead, codeRunEnded, evidence } from '../support/builders.ts';
import { aBody } from '../support/deliveries.ts';

export const MINUTE = 60_000;
export const DAY_MINUTES = 24 * 60;

/** How one repair goes. */
export interface Repair {
  /** Who is asked at the first attempt, and who at later ones. */
  readonly agents?: readonly AgentName[];
  /** What becomes of each attempt; the last word holds for all later ones. */
  readonly attempts: readonly ('green' | 'red' | 'infrastructure')[];
  /** Minutes that an agent works. */
  readonly takes?: number;
}

/** A day of Healer's own intake, decisions, machine, store and metrics, under a clock that a script turns. */
export class Day {
  readonly #store: Store;
  readonly #core: ReturnType<typeof createCore>;
  readonly #acceptor: Acceptor;
  readonly #acts = new Map<number, (() => unknown)[]>();
  readonly #repairs = new Map<number, Repair>();
  readonly metrics: Metrics;
  #now: number;
  #run = 0;
  #decidesNot = false;

  private constructor(store: Store, start: number) {
    this.#store = store;
    this.#now = start;
    const clock = (): number => this.#now;
    const settings = settingsSchema.parse({ limits: { settleSeconds: 0 }, timeWindowMinutes: 0 });
    const rules = loadRules('routing-rules');
    let ids = 0;
    const newId = (): string => {
      ids += 1;
      return `01JE${String(ids).padStart(22, '0')}`;
    };
    const core = createCore({ store, settings, rules: () => rules, agents: [], clock, newId });
    const breaker = async () => (await readBreaker(store.db, settings.breaker, clock())).state;
    this.#core = core;
    this.metrics = createMetrics({ store, clock, version: '0.1.0', breaker, cacheMs: 1 });
    core.machine.subscribe((step) => this.metrics.remediationChanged(step));
    this.#acceptor = createAcceptor({
      store,
      machine: core.machine,
      clock,
      decide: async (...given) => {
        if (this.#decidesNot) throw new Error('the script says so');
        return core.decide(...given);
      },
      interpret: core.interpret,
      onDecided: ({ origin, event }, disposition) => this.metrics.deliveryDecided(origin, event, disposition),
      onError: () => {},
      wake: () => {},
    });
  }

  static async begin(start: number): Promise<Day> {
    return new Day(await openStore({ kind: 'memory' }), start);
  }

  /** Something happens at a minute of the day. */
  at(minute: number, act: () => unknown): void {
    this.#acts.set(minute, [...(this.#acts.get(minute) ?? []), act]);
  }

  /** The same happens at each minute from `from` up to `until`. */
  during(from: number, until: number, act: () => unknown): void {
    for (let minute = from; minute < until; minute += 1) this.at(minute, act);
  }

  /** A red run is delivered at this minute, and goes as told. */
  repair(minute: number, repair: Repair): void {
    this.#run += 1;
    const run = this.#run;
    this.at(minute, async () => {
      this.#repairs.set(run, repair);
      await this.#deliver(run);
    });
  }

  /** From now on decisions fail: what comes is kept without one. */
  breakDeciding(isBroken: boolean): void {
    this.#decidesNot = isBroken;
  }

  decideLeftovers(): Promise<number> {
    return this.#acceptor.decideLeftovers();
  }

  pause(isPaused: boolean): Promise<void> {
    return setPaused(this.#store.db, null, isPaused, 'ada', this.#now);
  }

  /** A CodeRun that nobody starts; with `phase`, what becomes of it. */
  async strandRun(phase: 'Pending' | 'Failed'): Promise<void> {
    const status = JSON.stringify({ phase, conditions: [] });
    const { db } = this.#store;
    if (phase !== 'Pending') {
      await db.updateTable('coderuns').set({ status }).where('name', '=', 'stranded').execute();
      return;
    }
    const times = { created_at: this.#now, updated_at: this.#now };
    const texts = { labels: '{}', annotations: '{}', spec: '{}', status };
    const numbers = { generation: 1, resource_version: 1, active: 1, cancel_requested: 0 };
    await db
      .insertInto('coderuns')
      .values({ name: 'stranded', uid: 'u-1', ...texts, ...numbers, ...times })
      .execute();
  }

  /** Plays the day; `onMinute` is called at the end of each minute. */
  async play(onMinute: (minute: number, now: number) => Promise<void>): Promise<void> {
    const start = this.#now;
    for (let minute = 0; minute < DAY_MINUTES; minute += 1) {
      this.#now = start + minute * MINUTE;
      for (const act of this.#acts.get(minute) ?? []) await act();
      for (const [run, repair] of this.#repairs) await this.#goOn(run, repair);
      await onMinute(minute, this.#now);
    }
    await this.#acceptor.drain();
    await this.#store.close();
  }

  async #deliver(run: number): Promise<void> {
    const delivery = aDelivery(run, { receivedAt: this.#now, body: new TextEncoder().encode(aBody(run)) });
    await this.#acceptor.accept(delivery, { ...this.#core.interpret(delivery), preferWaitMs: 0 });
  }

  /** One look at a repair: whatever it waits for comes now. */
  async #goOn(run: number, repair: Repair): Promise<void> {
    const remediation = await findRemediation(this.#store.db, `ci-${run}`);
    if (remediation === null) return;
    const fact = this.#next(remediation, repair);
    if (fact !== null) await this.#core.machine.apply(remediation.id, fact);
    if (isTerminal(remediation.phase)) this.#repairs.delete(run);
  }

  #next(remediation: Remediation, { agents = ['rex'], attempts, takes = 5 }: Repair): Fact | null {
    const attempt = remediation.attempts.at(-1);
    const of = <T>(list: readonly T[]): T => list[Math.min(remediation.attempts.length, list.length) - 1] as T;
    switch (remediation.phase) {
      case 'gathering': {
        const agent = agents[Math.min(remediation.attempts.length, agents.length - 1)] ?? 'rex';
        this.metrics.classified(4);
        for (const source of ['github-logs', 'checks', 'loki']) this.metrics.contextAsked(source, 'found', 300);
        const { branch, headSha, failedChecks } = remediation;
        return evidence({ agent, branch, targetBranch: branch, headSha, failedChecks, briefId: `b-${remediation.id}` });
      }
      case 'working': {
        if (attempt === undefined) return null;
        this.metrics.reconciled('unchanged', 3);
        const { ordinal } = attempt;
        if (attempt.codeRunName === null)
          return { kind: 'coderun_created', ordinal, name: `run-${remediation.id}-${ordinal}` };
        if (this.#now - attempt.startedAt < takes * MINUTE) return null;
        const usage = { inputTokens: 1_000, outputTokens: 500, costUsd: 0.4 };
        return of(attempts) === 'infrastructure'
          ? codeRunEnded(ordinal, { how: 'infrastructure', detail: 'ErrImagePull', report: null })
          : codeRunEnded(ordinal, { report: aReport({ usage }) });
      }
      case 'verifying':
        return checksRead(of(attempts) === 'green' ? 'green' : 'red');
      case 'received':
      case 'deferred':
      case 'retrying':
        return { kind: 'timer_rang' };
      default:
        return null;
    }
  }
}
