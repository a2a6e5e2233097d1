import { z } from 'zod';
import type { Peer } from '../../peer.ts';
import type { SourceContext } from '../../source.ts';

/** https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries */
const answerSchema = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({
      resultType: z.literal('vector'),
      result: z.array(
        z.object({
          metric: z.record(z.string(), z.string()),
          value: z.tuple([z.number(), z.string()]).optional(),
        }),
      ),
    }),
    z.object({ resultType: z.literal('scalar'), result: z.tuple([z.number(), z.string()]) }),
  ]),
});

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How long Prometheus itself may work on one query; less than the source's budget, so that it says so. */
const QUERY_TIMEOUT = '4s';
const ANSWER_BYTES = 512 * 1024;

/** The numbers of an instant query at `at` (milliseconds since the epoch); what is not a number is left out. */
export async function instant(
  peer: Peer,
  { signal, now }: SourceContext,
  query: string,
  at: number,
): Promise<readonly Sample[]> {
  const { data } = await peer.get({
    path: ['api', 'v1', 'query'],
    query: [
      ['query', query],
      ['time', (at / 1000).toFixed(3)],
      ['timeout', QUERY_TIMEOUT],
    ],
    schema: answerSchema,
    maxBytes: ANSWER_BYTES,
    signal,
    now,
  });
  const samples =
    data.resultType === 'scalar'
      ? [{ labels: {}, value: Number(data.result[1]) }]
      : data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value?.[1]) }));
  // 0/0, when there was no traffic, is NaN; x/0 is infinite. Neither can be compared.
  return samples.filter(({ value }) => Number.isFinite(value));
}
