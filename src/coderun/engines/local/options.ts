import type { Clock } from '../../../lib/clock.ts';
import type { CodeRunRows } from '../../../store/coderuns.ts';
import type { CodeRun } from '../../schema.ts';
import type { CodeRunTemplates } from '../../templates.ts';
import type { OnMalformed } from './documents.ts';
import type { OutputLimits } from './folder.ts';

/** A token for a repository's host; `expiresAt` in milliseconds since the epoch, null when it does not expire. */
export interface GitToken {
  readonly token: string;
  readonly expiresAt: number | null;
}

export interface LocalEngineOptions {
  readonly rows: CodeRunRows;
  /** An absolute path; `<dataDir>/runs` holds one folder a run. */
  readonly dataDir: string;
  readonly templates: CodeRunTemplates;
  readonly clock: Clock;
  /** Healer's own environment; only a list of names is taken from it. */
  readonly baseEnv: Readonly<Record<string, string | undefined>>;
  /** Names of further variables that runs may take from `baseEnv`. */
  readonly passEnv?: readonly string[];
  /** Asked for each start and again before the token expires; null when the remote needs none. */
  readonly gitToken?: (codeRun: CodeRun) => Promise<GitToken | null>;
  /** Takes secrets out of what agents wrote before anybody sees it. */
  readonly redact?: (text: string) => string;
  readonly onMalformed?: OnMalformed;
  /** Between SIGTERM and SIGKILL, in milliseconds. */
  readonly graceMs?: number;
  readonly outputLimits?: OutputLimits;
  /** The Node that runs supervisors; this process's own by default. */
  readonly nodePath?: string;
  readonly shell?: string;
}

export const DEFAULT_GRACE_MS = 15_000;
export const DEFAULT_OUTPUT_LIMITS: OutputLimits = { headBytes: 64 * 1024, tailBytes: 1024 * 1024 };
