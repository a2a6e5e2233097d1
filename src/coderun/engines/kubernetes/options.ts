import type { Clock } from '../../../lib/clock.ts';
import type { KubernetesClient } from '../../../lib/kubernetes/client.ts';
import type { Schedule } from '../../../lib/kubernetes/watch.ts';
import type { CodeRun } from '../../schema.ts';
import type { CodeRunTemplates } from '../../templates.ts';

/** A token for a repository's host; `expiresAt` in milliseconds since the epoch, null when it does not expire. */
export interface GitToken {
  readonly token: string;
  readonly expiresAt: number | null;
}

/** What the Pods of agents look like; every value is a setting. */
export interface PodSettings {
  readonly image: string;
  /** By CLI (`claude`, `codex`, …); `image` for the others. */
  readonly images: Readonly<Record<string, string>>;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly imagePullSecrets: readonly string[];
  /** The namespace's default one when null; its token is never mounted. */
  readonly serviceAccountName: string | null;
  /** The Secret with what the CLIs log in with, keys named like their environment variables. */
  readonly cliSecret: string | null;
  readonly workspace: WorkspaceSettings;
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly object[];
  readonly affinity: object | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly priorityClassName: string | null;
  readonly runtimeClassName: string | null;
  readonly readOnlyRootFilesystem: boolean;
  /** The image of a Docker daemon for runs with `enableDocker`; null refuses them: it has to be privileged. */
  readonly dockerImage: string | null;
}

export interface WorkspaceSettings {
  /** A volume that outlives the run, or one that goes with its Pod. */
  readonly kind: 'persistent' | 'ephemeral';
  readonly size: string;
  /** The cluster's default one when null. */
  readonly storageClass: string | null;
  readonly accessMode: 'ReadWriteOnce' | 'ReadWriteOncePod' | 'ReadWriteMany';
}

export interface KubernetesEngineOptions {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly templates: CodeRunTemplates;
  readonly clock: Clock;
  readonly pods: PodSettings;
  /** Asked for each start and again before the token expires; null when the remote needs none. */
  readonly gitToken?: (codeRun: CodeRun) => Promise<GitToken | null>;
  /** Takes secrets out of what agents wrote before anybody sees it. */
  readonly redact?: (text: string) => string;
  /** How long Job, files and workspace outlive the end of a run that says nothing of its own, in seconds. */
  readonly retentionSeconds: number;
  /** How much longer than that the CodeRun itself is kept, in milliseconds. */
  readonly keepCodeRunsMs: number;
  /** Called right before each write on behalf of the reconciler; throws when this process may not write any more. */
  readonly mayWrite?: () => void;
  /** Something that is tried again by itself, for the log. */
  readonly onProblem?: (what: string, message: string) => void;
  /** Who writes Events. */
  readonly instance?: string;
  readonly schedule?: Schedule;
  readonly random?: () => number;
  /** See ReflectorOptions. */
  readonly watch?: { readonly idleMs?: number; readonly resyncMs?: number };
}

/**
 * How often the API server may refuse files or Job before a run is given up. With pauses that grow to a minute that is
 * about a quarter of an hour: an API server that restarts or holds requests back is no reason to end a run.
 */
export const MAX_START_FAILURES = 20;

/** CodeRuns that are looked at at once: most of a look is waiting for the API server, which limits each client itself. */
export const CONCURRENT_LOOKS = 16;
