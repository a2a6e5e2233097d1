import type { AgentName } from '../../model/agent.ts';
import type { FailureType } from '../../model/failure-type.ts';
import type { NameIndex } from './name-index.ts';
import type { Pattern } from './pattern.ts';

/** The compiled content of a folder of rules, in the order of its files. */
export interface RuleSet {
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
  /** Every pattern of every rule; the index is what hits refer to. */
  readonly patterns: readonly RulePattern[];
  /** Words in names of workflows, jobs, steps and commands that make a rule likelier. */
  readonly names: NameIndex;
}

export interface Rule {
  readonly id: string;
  readonly index: number;
  readonly file: string;
  readonly agent: AgentName;
  readonly failureType: FailureType;
  /** Globs of changed files that make the rule likelier. */
  readonly files: readonly Glob[];
  /** The rule speaks of a wrapper (a build, a container, a script runner) and yields to what it wraps. */
  readonly isOuter: boolean;
  readonly examples: readonly RuleExample[];
}

/** One row of the routing matrix: what names and files alone suggest. The first that applies wins. */
export interface Route {
  readonly id: string;
  readonly row: number;
  readonly file: string;
  readonly agent: AgentName;
  readonly failureType: FailureType;
  /** Globs of workflow names; empty means any. */
  readonly workflows: readonly Glob[];
  /** Lower-case words looked for in names of jobs, steps and commands, and in the excerpt of the log. */
  readonly mentions: readonly string[];
  readonly files: readonly Glob[];
  /** Both a mention and a file are needed (row 6). */
  readonly needsBoth: boolean;
  readonly examples: readonly RuleExample[];
}

export interface RulePattern extends Pattern {
  readonly index: number;
  /** Index of the rule. */
  readonly rule: number;
  /** 1 a hint, 3 a tool's summary, 5 and more what only this failure prints; below 0 speaks against the rule. */
  readonly weight: number;
  /** Speaks for a re-run whatever the type. */
  readonly isTransient: boolean;
}

export interface Glob {
  readonly source: string;
  readonly test: (path: string) => boolean;
}

export interface RuleExample {
  readonly log: string | null;
  readonly workflow: string | null;
  readonly job: string | null;
  readonly steps: readonly string[];
  readonly files: readonly string[];
  readonly expect: { readonly agent: AgentName; readonly failureType: FailureType; readonly transient: boolean | null };
}
