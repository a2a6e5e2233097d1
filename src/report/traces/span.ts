import { digestOf } from '../../lib/digest.ts';

/** One finished piece of work, as it is exported. Times are milliseconds since the epoch. */
export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  /** Null for the root of a trace. */
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Why it went wrong, in one sentence; null when it did not. */
  readonly error: string | null;
}

/** Takes finished spans; never throws and never waits. Spans are made only when somebody takes them. */
export interface Tracing {
  record(spans: () => readonly SpanRecord[]): void;
  /** Sends what is held, for at most some seconds; a collector that is away changes nothing. */
  stop(): Promise<void>;
}

export const NO_TRACING: Tracing = { record: () => {}, stop: async () => {} };

/** W3C Trace Context: ids of 16 and 8 bytes in lower-case hex. */
const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;

/**
 * The trace of a remediation, made from its id: every process, replica and later start adds to the same trace, and nobody
 * has to keep a context over hours.
 */
export function traceIdOf(remediationId: string): string {
  return digestOf({ trace: remediationId }).slice(0, TRACE_ID_DIGITS);
}

/** The span of one piece of work; the same work done again after a crash has the same id. */
export function spanIdOf(ownerId: string, name: string, key: string | number = ''): string {
  return digestOf({ owner: ownerId, span: name, key }).slice(0, SPAN_ID_DIGITS);
}

/** The span that all others of a remediation stand under; it is exported when the remediation ends. */
export function rootSpanId(remediationId: string): string {
  return spanIdOf(remediationId, 'remediation');
}

/** The `traceparent` (W3C Trace Context, version 00, sampled) that an agent's own spans go on from. */
export function traceparentOf(remediationId: string, ordinal: number): string {
  return `00-${traceIdOf(remediationId)}-${runSpanId(remediationId, ordinal)}-01`;
}

/** The span of an attempt's run. */
export function runSpanId(remediationId: string, ordinal: number): string {
  return spanIdOf(remediationId, 'run', ordinal);
}

/** The span of the gathering that began at `since`. */
export function gatherSpanId(remediationId: string, since: number): string {
  return spanIdOf(remediationId, 'gather', since);
}
