import { ROOT_CONTEXT, SpanStatusCode, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type IdGenerator, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanRecord, Tracing } from './span.ts';

export interface TracingOptions {
  /** The collector's base address; `/v1/traces` is added, as OTEL_EXPORTER_OTLP_ENDPOINT has it. */
  readonly endpoint: string;
  /** What the collector wants to see, for example its API key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly version: string;
  /** Stands in for the network in tests. */
  readonly exporter?: SpanExporter;
  /** Takes everything that came from outside through the gate. */
  readonly clean: (text: string) => string;
}

const EXPORT_TIMEOUT_MS = 5_000;

/** Exports spans with the ids that they have, by OTLP over HTTP in batches. */
export function startTracing(options: TracingOptions): Tracing {
  const ids = givenIds();
  const exporter =
    options.exporter ??
    new OTLPTraceExporter({
      url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
      headers: { ...options.headers },
      timeoutMillis: EXPORT_TIMEOUT_MS,
    });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'healer', 'service.version': options.version }),
    idGenerator: ids,
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
  });
  const tracer = provider.getTracer('healer', options.version);
  return {
    record: (spans) => {
      for (const span of spans()) emit(tracer, ids, span, options.clean);
    },
    stop: () => provider.shutdown().catch(() => {}),
  };
}

/** The SDK asks for an id at the start of each span; here it gets the one that the span has already. */
function givenIds(): IdGenerator & { next: Pick<SpanRecord, 'traceId' | 'spanId'> } {
  const ids = {
    next: { traceId: '', spanId: '' },
    generateTraceId: () => ids.next.traceId,
    generateSpanId: () => ids.next.spanId,
  };
  return ids;
}

function emit(
  tracer: Tracer,
  ids: ReturnType<typeof givenIds>,
  span: SpanRecord,
  clean: TracingOptions['clean'],
): void {
  const { traceId, parentSpanId } = span;
  ids.next = span;
  const parent =
    parentSpanId === null
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentSpanId, traceFlags: TraceFlags.SAMPLED });
  const attributes = Object.fromEntries(
    Object.entries(span.attributes).map(([key, value]) => [key, typeof value === 'string' ? clean(value) : value]),
  );
  const started = tracer.startSpan(span.name, { startTime: span.startedAt, attributes }, parent);
  if (span.error !== null) started.setStatus({ code: SpanStatusCode.ERROR, message: clean(span.error) });
  started.end(Math.max(span.startedAt, span.endedAt));
}
