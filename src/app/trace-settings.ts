import { z } from 'zod';

/** Names that a header may have (RFC 9110, section 5.1), and values without line ends. */
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+=[^\r\n]*$/;

/** `key=value` pairs separated by commas, percent-encoded, as OpenTelemetry's own environment has them. */
const headers = z
  .string()
  .default('')
  .superRefine((value, context) => {
    const wrong = pairs(value).find((pair) => !HEADER.test(pair));
    if (wrong === undefined) return;
    context.addIssue({ code: 'custom', message: 'has to be name=value pairs, separated by commas' });
  })
  .transform((value) => Object.fromEntries(pairs(value).map(keyAndValue)));

function pairs(value: string): readonly string[] {
  return value
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '');
}

function keyAndValue(pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  const value = pair.slice(at + 1).trim();
  try {
    return [pair.slice(0, at).trim(), decodeURIComponent(value)];
  } catch {
    return [pair.slice(0, at).trim(), value];
  }
}

/** Where traces go. */
export const traceSettings = {
  otel: z
    .strictObject({
      endpoint: z
        .url({ protocol: /^https?$/ })
        .optional()
        .meta({
          env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
          description: 'A collector that takes OpenTelemetry traces by OTLP over HTTP; none are made without it.',
        }),
      headers: headers.meta({
        secret: true,
        env: 'OTEL_EXPORTER_OTLP_HEADERS',
        description: 'Headers for the collector, `name=value` pairs separated by commas.',
      }),
    })
    .prefault({}),
};
