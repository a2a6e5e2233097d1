import type { LoadedAgent } from '../agents.ts';
import type { Kinds } from './kinds.ts';
import type { Playbook } from './playbook.ts';

/** What templates see. Every key is always there. */
export interface View {
  readonly [key: string]: unknown;
  readonly nonce: string;
}

/** Everything under `prompts/` that is needed to write a brief; read, compiled and tried out once. */
export interface Templates {
  /** By name relative to `prompts/`, for example `ci/rust-fix.hbs`. */
  readonly compiled: ReadonlyMap<string, (view: View) => string>;
  readonly agents: readonly LoadedAgent[];
  readonly playbook: Playbook;
  readonly kinds: Kinds;
}
