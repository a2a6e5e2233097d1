/**
 * A control plane for tests: real etcd, kube-apiserver and kube-controller-manager as plain processes, and one node whose
 * kubelet is ours (support/kubelet). Everything about a cluster stands in its folder, so any process can hold it.
 */
export interface Cluster {
  /** The folder of this cluster: kubeconfig, certificates, logs of every process (`*.log`), what the node runs. */
  readonly home: string;
  /** Address of the API server, `https://127.0.0.1:<port>`. */
  readonly server: string;
  /** A kubeconfig file of an administrator (user `admin`, group `system:masters`). */
  readonly kubeconfig: string;
  /** PEM file with the authority of the API server's certificate. */
  readonly caFile: string;
  readonly adminToken: string;
  /** File of audit events, one JSON document a line. */
  readonly auditLog: string;

  /** The API as the administrator, without a library in between. */
  readonly api: Api;
  /** The same API with another token, for instance that of a ServiceAccount. */
  apiAs(token: string): Api;
  /** Writes a kubeconfig file for a token and gives its path: what a service or kubectl under test is started with. */
  kubeconfigFor(token: string, namespace?: string): string;
  /** A token of a ServiceAccount, as a Pod would get it (TokenRequest). */
  tokenFor(namespace: string, serviceAccount: string, seconds?: number): Promise<string>;

  /** Runs kubectl as the administrator and gives its standard output. Throws CommandFailed. */
  kubectl(args: readonly string[], stdin?: string): Promise<string>;
  /** Runs helm as the administrator and gives its standard output. Throws CommandFailed. */
  helm(args: readonly string[], stdin?: string): Promise<string>;

  /** Makes a namespace nobody else uses, with its default ServiceAccount ready, and gives its name. */
  namespace(prefix?: string): Promise<string>;

  /**
   * Requests the API server has answered, oldest first, one entry a request. A watch that is still open is among them. Waits
   * until everything answered before the call is in the log.
   */
  auditEvents(filter?: AuditFilter): Promise<readonly AuditEvent[]>;
  /** The end of the audit log now, for `AuditFilter.since`. */
  auditMark(): Promise<number>;

  readonly apiserver: Daemon;
  readonly etcd: Daemon;
  readonly controllerManager: Daemon;
  readonly node: Node;
  /** Ends every process at once and, for a cluster of one's own, removes its folder. */
  stop(): Promise<void>;
}

/** A process of the cluster. */
export interface Daemon {
  pid(): number;
  isRunning(): boolean;
  /** SIGKILL; returns when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again with the same address and files (kills it first if it runs); returns when it answers. */
  restart(): Promise<void>;
  /** SIGSTOP, in effect when this returns: connections stay open and nothing answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}

export interface Api {
  /** Throws ApiError for an answer of 400 and above. `body` is sent as JSON. */
  request<T = unknown>(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<T>;
  /**
   * Lists and watches until it is stopped, reconnecting by itself. Calls back for every object there is and for each change;
   * `BOOKMARK`s are not passed on.
   */
  watch<T>(path: string, onEvent: (event: WatchEvent<T>) => void): WatchHandle;
}

export interface RequestOptions {
  /** Default application/json; for a patch application/merge-patch+json. */
  readonly contentType?: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** Gives the body as text instead of parsing JSON. */
  readonly asText?: boolean;
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

export interface WatchHandle {
  /** Resolves when everything that was there at the start has been passed on. */
  readonly synced: Promise<void>;
  stop(): void;
}

/** One request as the audit log has it. */
export interface AuditEvent {
  readonly auditID: string;
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  /** get, list, watch, create, update, patch, delete, deletecollection; get, post … for paths that are no resources. */
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string; readonly groups?: readonly string[] };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
    readonly apiVersion?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number; readonly reason?: string; readonly message?: string };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Every named field has to hold. */
export interface AuditFilter {
  /** What `auditMark` gave: only events after it. */
  readonly since?: number;
  /** Exact user name: `admin`, `system:serviceaccount:<namespace>:<name>`, … */
  readonly user?: string;
  readonly namespace?: string;
  readonly resource?: string;
  readonly verbs?: readonly string[];
  /** Only create, update, patch, delete, deletecollection. */
  readonly writes?: boolean;
}

/** The one node, `healer-node`. Its kubelet and the scheduler are one process of ours. */
export interface Node extends Daemon {
  readonly name: string;
  /**
   * Says what an image contains. Images that nobody named exist, too, and have no entry point: their containers need a
   * `command`. All containers see this machine's files, in a layer of their own (writes stay inside).
   */
  image(name: string, definition: ImageDefinition): Promise<void>;
  /** From now on, Pods that match behave as told. Of several orders the latest wins. Gives a number for `forget`. */
  tell(match: PodMatch, order: PodOrder): Promise<number>;
  /** Takes one order back, or all of them. Pods that waited because of it go on. */
  forget(order?: number): Promise<void>;
  /** Makes a running Pod fail now, as the platform would. */
  fail(namespace: string, pod: string, how: PodFailure): Promise<void>;
  /** A folder of this machine that every container started from now on sees and may write, at the same path. */
  share(folder: string): Promise<void>;
  /** What runs on the node now. */
  running(): Promise<readonly RunningContainer[]>;
}

export interface ImageDefinition {
  /** ENTRYPOINT and CMD; a container's `command` and `args` replace them as Kubernetes defines. */
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  /** ENV; what the Pod says wins. */
  readonly env?: Readonly<Record<string, string>>;
  /** Wins over the Pod's own; `$(POD_IP)` and the container's other variables are expanded. For ports that would clash. */
  readonly overrideEnv?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  /** USER as a number; used when the Pod names none. Default 0. */
  readonly user?: number;
}

/** Every named field has to hold; an empty one matches every Pod. */
export interface PodMatch {
  readonly namespace?: string;
  /** Exact name, or the start of it followed by `*`. */
  readonly name?: string;
  /** Image of any of its containers, exact or start followed by `*`. */
  readonly image?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export type PodOrder =
  /** The scheduler finds no node: condition PodScheduled False, reason Unschedulable. */
  | { readonly kind: 'unschedulable'; readonly message?: string }
  /**
   * Containers wait: ErrImagePull (becomes ImagePullBackOff as the real one does), ImagePullBackOff, InvalidImageName,
   * ErrImageNeverPull, CreateContainerConfigError, CreateContainerError, RunContainerError, …
   */
  | { readonly kind: 'waiting'; readonly reason: string; readonly message?: string }
  /** No process: containers run for `runMs` (default 0) and then end as said. For load, and for exits hard to come by. */
  | {
      readonly kind: 'pretend';
      readonly exitCode?: number;
      /** Default Completed for 0, otherwise Error. */
      readonly reason?: string;
      readonly message?: string;
      readonly log?: string;
      readonly runMs?: number;
    };

export type PodFailure =
  /** Containers are killed and reported as OOMKilled, exit code 137. */
  | 'oom-killed'
  /** Eviction by node pressure: phase Failed, reason Evicted, condition DisruptionTarget (TerminationByKubelet). */
  | 'evicted'
  /** Preempted by a more important Pod: condition DisruptionTarget (PreemptionByScheduler), then deleted. */
  | 'preempted'
  /** The node vanished: phase Failed, condition DisruptionTarget (DeletionByPodGC), then deleted by force. */
  | 'node-lost';

export interface RunningContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** As this machine numbers it; the container's first process. */
  readonly pid: number;
}

export interface ClusterOptions {
  /** Arguments added to kube-apiserver's, and to kube-controller-manager's. Later ones win. */
  readonly apiserverArgs?: readonly string[];
  readonly controllerManagerArgs?: readonly string[];
  /** How many Pods the node takes; more stay unscheduled. Default 110, as in Kubernetes. */
  readonly maxPods?: number;
  /** False: no node, no scheduler; Pods stay Pending. */
  readonly withNode?: boolean;
  /** False: no kube-controller-manager; nothing acts on Jobs, no default ServiceAccounts. */
  readonly withControllerManager?: boolean;
  /** Keeps the folder after `stop`. */
  readonly keep?: boolean;
}
