import type { Readable, Writable } from 'node:stream';
import type { Environment } from '../app/environment.ts';

/** What a command may know of the process it runs in. */
export interface CliContext {
  readonly env: Environment;
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

/** CONTRACT section 1. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3 } as const;
