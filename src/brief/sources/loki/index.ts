import { z } from 'zod';
import { messageOf } from '../../../lib/errors.ts';
import type { HttpClient } from '../../../lib/http.ts';
import { connectPeer, type Peer, type PeerConfig } from '../../peer.ts';
import { fillTemplate } from '../../query-language.ts';
import { concernsPlatform } from '../../relevance.ts';
import { answer, type ContextSource, type SourceAnswer, type SourceContext } from '../../source.ts';
import { brokeAt, whereabouts } from '../../whereabouts.ts';
import { digestLines, type LogLine, lineInWords } from './digest.ts';

export interface LokiConfig extends PeerConfig {
  /** LogQL; streams are labelled differently from cluster to cluster, so there may be several. */
  readonly queries: readonly string[];
}

/** Streams as Promtail and Alloy label them, and as Loki does since version 3. */
export const DEFAULT_LOKI_QUERIES: readonly string[] = ['app', 'service_name'].map(
  (label) => `{${label}="{service}"} |~ "(?i)(error|fatal|panic|exception|out of memory)"`,
);

const MINUTE_MS = 60_000;
/** What led to it is logged before, and what it led to soon after. */
const BEFORE_MS = 15 * MINUTE_MS;
const AFTER_MS = 5 * MINUTE_MS;
const MAX_LINES = 500;
const ANSWER_BYTES = 4 * 1024 * 1024;
const MAX_SHOWN = 40;

/** What the failing service logged around the failure: lines of errors, alike ones together. */
export function loki(http: HttpClient, config: LokiConfig | null): ContextSource {
  return {
    name: 'loki',
    budget: { timeMs: 6_000, bytes: 32 * 1024 },
    relevant: concernsPlatform,
    async ask(context) {
      if (config === null) return answer.notConfigured('LOKI_URL is not set.');
      const peer = connectPeer(http, config);
      const values = whereabouts(context.remediation);
      const filled = config.queries.map((template) => fillTemplate(template, values));
      const queries = filled.flatMap(({ query }) => query ?? []);
      if (queries.length === 0) {
        const missing = filled.map((one) => one.missing).join(', ');
        return answer.empty(`Loki was not asked: no ${missing || 'query'} is known.`);
      }
      const window = windowOf(context);
      const read = await Promise.allSettled(queries.map((query) => linesOf(peer, context, query, window)));
      return report(values.service ?? values.repository, window, read);
    },
  };
}

interface Window {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

function windowOf({ remediation, now }: SourceContext): Window {
  const at = brokeAt(remediation);
  return { from: at - BEFORE_MS, to: Math.max(at, Math.min(now, at + AFTER_MS)) };
}

/** https://grafana.com/docs/loki/latest/reference/loki-http-api/#query-logs-within-a-range-of-time */
const answerSchema = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('streams'),
    result: z.array(
      z.object({
        stream: z.record(z.string(), z.string()),
        // A third element, structured metadata, may follow.
        values: z.array(z.tuple([z.string(), z.string()]).rest(z.unknown())),
      }),
    ),
  }),
});

const nanoseconds = (ms: number): string => `${Math.floor(ms)}000000`;

async function linesOf(
  peer: Peer,
  { signal, now }: SourceContext,
  query: string,
  { from, to }: Window,
): Promise<readonly LogLine[]> {
  const { data } = await peer.get({
    path: ['loki', 'api', 'v1', 'query_range'],
    query: [
      ['query', query],
      ['start', nanoseconds(from)],
      ['end', nanoseconds(to)],
      ['limit', String(MAX_LINES)],
      ['direction', 'backward'],
    ],
    schema: answerSchema,
    maxBytes: ANSWER_BYTES,
    signal,
    now,
  });
  return data.result.flatMap(({ stream, values }) =>
    values.map(([time, text]) => ({ stream, at: Number(time.slice(0, -6)), order: time, text })),
  );
}

function report(
  service: string,
  window: Window,
  read: readonly PromiseSettledResult<readonly LogLine[]>[],
): SourceAnswer {
  const lines = read.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const errors = read.flatMap((result) => (result.status === 'rejected' ? messageOf(result.reason) : []));
  if (lines.length === 0 && errors.length > 0) return answer.failed(`${[...new Set(errors)].join('; ')}.`);
  const span = `${new Date(window.from).toISOString()} to ${new Date(window.to).toISOString()}`;
  if (lines.length === 0) return answer.empty(`${service} logged no errors from ${span}.`);
  const kinds = digestLines(lines);
  const isMany = read.some((result) => result.status === 'fulfilled' && result.value.length >= MAX_LINES);
  const count = `${isMany ? 'At least ' : ''}${lines.length === 1 ? '1 line' : `${lines.length} lines`}`;
  const summary = `${count} of errors of ${service} from ${span}, ${kinds.length === 1 ? 'all alike' : `of ${kinds.length} kinds`}.`;
  const partly = errors.length === 0 ? '' : ` Not every query could be asked: ${[...new Set(errors)].join('; ')}.`;
  const body = kinds.slice(0, MAX_SHOWN).map(lineInWords).join('\n');
  return answer.found(summary + partly, body, { truncated: isMany || kinds.length > MAX_SHOWN });
}
