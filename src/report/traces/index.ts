export { NO_TRACING, type Tracing, traceIdOf, traceparentOf } from './span.ts';
export { type DecidedWithin, spanOfFinding, spansOfDelivery, spansOfStep } from './story.ts';
