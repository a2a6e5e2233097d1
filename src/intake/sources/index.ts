import { alertmanager } from './alertmanager/index.ts';
import { argoEvents } from './argo-events/index.ts';
import { github } from './github/index.ts';
import { play } from './play/index.ts';
import type { Envelope, EventSource } from './source.ts';

/** Who sends events; one folder each. */
export const SOURCES = { github, alertmanager, play } as const satisfies Record<string, EventSource>;

export type SourceName = keyof typeof SOURCES;

/** Who carries other senders' events; one folder each. */
export const ENVELOPES: readonly Envelope[] = [argoEvents];
