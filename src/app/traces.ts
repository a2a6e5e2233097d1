import { NO_TRACING, type Tracing } from '../report/traces/index.ts';
import { cleanLine } from '../safety/index.ts';
import { gateOf } from './gates.ts';
import { VERSION } from './paths.ts';
import type { Settings } from './settings.ts';

/** Characters of one attribute of a span. */
const MAX_ATTRIBUTE = 1_000;

/** Traces to the collector that the settings name; without one their library is not even loaded. */
export async function openTracing(settings: Settings): Promise<Tracing> {
  const { endpoint, headers } = settings.otel;
  if (endpoint === undefined) return NO_TRACING;
  const { startTracing } = await import('../report/traces/exporter.ts');
  const gate = gateOf(settings);
  return startTracing({
    endpoint,
    headers,
    version: VERSION,
    clean: (text) => cleanLine(gate.text(text), MAX_ATTRIBUTE),
  });
}
