import type { Api } from '../cluster-types.ts';
import type { ContentsReader } from './contents.ts';
import type { Tell } from './events.ts';
import type { Host } from './host.ts';
import type { Orders } from './orders.ts';

/** What every Pod of the node shares. */
export interface NodeContext {
  readonly api: Api;
  readonly host: Host;
  readonly orders: Orders;
  readonly contents: ContentsReader;
  readonly tell: Tell;
  /** One folder a Pod, named by its uid. */
  readonly podsFolder: string;
  /** Address of the API server. */
  readonly server: string;
}
