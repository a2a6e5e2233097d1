/**
 * Whether this process drives CodeRuns. Of several replicas one leads; the others keep an engine to read and to create
 * with, and do not reconcile.
 */
export interface Leadership {
  /** Asked before each look: it must turn false before anybody else can lead. */
  isLeader(): boolean;
  /** Calls back with each change, not with the present state. Ends when the returned function is called. */
  subscribe(listener: (isLeader: boolean) => void): () => void;
}

/** One process alone. */
export const ALWAYS_LEADER: Leadership = { isLeader: () => true, subscribe: () => () => {} };
