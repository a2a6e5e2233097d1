import type { Reason } from '../model/reason.ts';
import { isTerminal, type Phase, type Remediation, type TimelineEntry } from '../model/remediation.ts';
import type { Effect, Planned } from './effects.ts';

/** What a transition asks for: the new state, what to tell people, and what to do. */
export interface Result {
  readonly remediation: Remediation;
  readonly entries: readonly TimelineEntry[];
  readonly effects: readonly Planned[];
}

export function unchanged(remediation: Remediation): Result {
  return { remediation, entries: [], effects: [] };
}

/** Collects one transition's changes, so that a phase is never set without its timer and its time. */
export class Change {
  private state: Remediation;
  private readonly now: number;
  private readonly entries: { event: string; message: string }[] = [];
  private readonly effects: Planned[] = [];

  constructor(remediation: Remediation, now: number) {
    this.state = remediation;
    this.now = now;
  }

  with(changes: Partial<Remediation>): this {
    this.state = { ...this.state, ...changes };
    return this;
  }

  /** Into a phase, with the time at which the machine looks again; null only for terminal phases. */
  to(phase: Phase, wakeAt: number | null, why: Reason | null = null): this {
    this.state = {
      ...this.state,
      phase,
      phaseSince: this.now,
      reason: why,
      wakeAt,
      endedAt: isTerminal(phase) ? this.now : null,
    };
    return this;
  }

  say(event: string, message: string): this {
    this.entries.push({ event, message });
    return this;
  }

  plan(effect: Effect, dueAt: number = this.now): this {
    this.effects.push({ effect, dueAt });
    return this;
  }

  done(): Result {
    const { phase } = this.state;
    return {
      remediation: { ...this.state, updatedAt: this.now },
      entries: this.entries.map((entry) => ({ at: this.now, phase, ...entry })),
      effects: this.effects,
    };
  }
}

export function change(remediation: Remediation, now: number): Change {
  return new Change(remediation, now);
}
