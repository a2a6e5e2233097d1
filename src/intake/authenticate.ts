import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.ts';

/** What requests are checked against; every list may hold several for rotation, and empty entries count for nothing. */
export interface Credentials {
  /** `GITHUB_WEBHOOK_SECRET`: keys of GitHub's signature. */
  readonly webhookSecrets: readonly string[];
  /** `HEALER_API_TOKEN`: bearer tokens that may do everything. */
  readonly apiTokens: readonly string[];
  /** `HEALER_READ_TOKEN`: bearer tokens for GET only. */
  readonly readTokens: readonly string[];
}

/** Nothing to check against: the service must then listen on loopback only. */
export function hasCredentials({ webhookSecrets, apiTokens, readTokens }: Credentials): boolean {
  return [...webhookSecrets, ...apiTokens, ...readTokens].some((value) => value !== '');
}

const SIGNATURE = /^sha256=[0-9a-f]{64}$/i;
const BEARER = /^bearer +([\x21-\x7e]{1,4096}) *$/i;

function header(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/**
 * What can be said of GitHub's signature before the body is read: null when it is there and well-formed, or when no
 * credentials are configured at all.
 */
export function refuseSignatureHeader(credentials: Credentials, headers: IncomingHttpHeaders): Problem | null {
  if (!hasCredentials(credentials)) return null;
  if (!credentials.webhookSecrets.some(Boolean))
    return new Problem('signature-not-configured', 'Set GITHUB_WEBHOOK_SECRET to the secret of the webhook.');
  const signature = header(headers, 'x-hub-signature-256');
  if (signature !== null)
    return SIGNATURE.test(signature)
      ? null
      : new Problem('signature-malformed', 'X-Hub-Signature-256 must be "sha256=" and 64 hexadecimal digits.');
  return header(headers, 'x-hub-signature') === null
    ? new Problem('signature-missing', 'Send X-Hub-Signature-256; GitHub does when the webhook has a secret.')
    : new Problem('signature-outdated', 'X-Hub-Signature is SHA-1. Only X-Hub-Signature-256 is accepted.');
}

/** Null when the signature over exactly these bytes was made with one of the secrets, or nothing is configured. */
export function refuseSignature(
  credentials: Credentials,
  headers: IncomingHttpHeaders,
  body: Uint8Array,
): Problem | null {
  const refusal = refuseSignatureHeader(credentials, headers);
  if (refusal !== null || !hasCredentials(credentials)) return refusal;
  const given = Buffer.from(header(headers, 'x-hub-signature-256')?.slice('sha256='.length) ?? '', 'hex');
  let fits = false;
  // Every secret is tried, so that the time taken does not tell which of them fits.
  for (const secret of credentials.webhookSecrets.filter(Boolean)) {
    const expected = createHmac('sha256', secret).update(body).digest();
    if (given.length === expected.length && timingSafeEqual(given, expected)) fits = true;
  }
  return fits
    ? null
    : new Problem('signature-mismatch', 'X-Hub-Signature-256 was not made over this body with a known secret.');
}

/** Equal-length hashes are compared, so that neither length nor content of a token shows in the time taken. */
function isAmong(token: string, known: readonly string[]): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  const given = hash(token);
  let found = false;
  for (const candidate of known) if (timingSafeEqual(given, hash(candidate))) found = true;
  return found;
}

const challenge = (detail: string) => ({ headers: { 'www-authenticate': `Bearer realm="healer"${detail}` } });

/** Null when the bearer token may do what `need` says, or when no credentials are configured at all. */
export function refuseToken(
  credentials: Credentials,
  headers: IncomingHttpHeaders,
  need: 'read' | 'write',
): Problem | null {
  if (!hasCredentials(credentials)) return null;
  const { apiTokens, readTokens } = credentials;
  if (![...apiTokens, ...(need === 'read' ? readTokens : [])].some(Boolean))
    return new Problem(
      'token-not-configured',
      'Set HEALER_API_TOKEN (or HEALER_READ_TOKEN for reading).',
      challenge(''),
    );
  const authorization = header(headers, 'authorization');
  if (authorization === null)
    return new Problem('token-missing', 'Send "Authorization: Bearer <token>".', challenge(''));
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined)
    return new Problem(
      'token-malformed',
      'Authorization must be "Bearer <token>".',
      challenge(', error="invalid_request"'),
    );
  const mayWrite = isAmong(token, apiTokens);
  const mayRead = isAmong(token, readTokens);
  if (mayWrite || (mayRead && need === 'read')) return null;
  return mayRead
    ? new Problem('token-read-only', 'This token is for GET requests.', challenge(', error="insufficient_scope"'))
    : new Problem('token-unknown', 'The token is none of the configured ones.', challenge(', error="invalid_token"'));
}

/**
 * Without credentials the service trusts whoever reaches loopback, and a web page in a local browser reaches it too.
 * Browsers say where a POST comes from; senders of events never do.
 */
export function refuseBrowser(credentials: Credentials, headers: IncomingHttpHeaders): Problem | null {
  if (hasCredentials(credentials) || headers.origin === undefined) return null;
  return new Problem('browser-request', 'Configure HEALER_API_TOKEN or GITHUB_WEBHOOK_SECRET to take such requests.');
}
