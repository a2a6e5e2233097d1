import type { ContainerContext } from './container-config.ts';
import type { Running } from './container-run.ts';
import type { Host } from './host.ts';
import type { Container, Pod } from './kube-types.ts';
import type { Orders } from './orders.ts';

/** What the containers of a Pod need from it. */
export interface PodContext {
  readonly pod: Pod;
  readonly podIP: string;
  readonly host: Host;
  readonly orders: Orders;
  /** Folder of the Pod on this machine. */
  readonly home: string;
  /** Aborts when the Pod begins to end. */
  readonly ending: AbortSignal;
  isEnding(): boolean;
  logPath(container: string, attempt: number): string;
  containerContext(container: Container, folder: string): ContainerContext;
  runHook(container: Container, running: Running): Promise<void>;
  publish(): void;
  tell(type: 'Normal' | 'Warning', reason: string, message: string): void;
}
