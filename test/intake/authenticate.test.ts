import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type Credentials,
  hasCredentials,
  refuseBrowser,
  refuseSignature,
  refuseSignatureHeader,
  refuseToken,
} from '../../src/intake/authenticate.ts';

const NOTHING: Credentials = { webhookSecrets: [], apiTokens: [], readTokens: [] };
const ALL: Credentials = {
  webhookSecrets: ['old secret', 'new secret'],
  apiTokens: ['write-1', 'write-2'],
  readTokens: ['read-1'],
};
const BODY = Buffer.from('{"zen":"Keep it logically awesome.","ä":1}');
const sign = (secret: string, body: Uint8Array = BODY, kind = 'sha256') =>
  `${kind}=${createHmac(kind, secret).update(body).digest('hex')}`;
const signed = (value: string) => ({ 'x-hub-signature-256': value });

describe('GitHub’s signature', () => {
  it.each(['old secret', 'new secret'])('made with the %s is accepted', (secret) => {
    expect(refuseSignature(ALL, signed(sign(secret)), BODY)).toBeNull();
  });

  it('agrees with GitHub’s published example', () => {
    const credentials = { ...NOTHING, webhookSecrets: ["It's a Secret to Everybody"] };
    const value = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    expect(refuseSignature(credentials, signed(value), Buffer.from('Hello, World!'))).toBeNull();
  });

  it.each([
    ['missing', {}, 'signature-missing'],
    ['empty', signed(''), 'signature-missing'],
    ['of the old kind alone', { 'x-hub-signature': sign('old secret', BODY, 'sha1') }, 'signature-outdated'],
    ['sha1 under the new name', signed(sign('old secret', BODY, 'sha1')), 'signature-malformed'],
    ['too short', signed(sign('old secret').slice(0, -1)), 'signature-malformed'],
    ['too long', signed(`${sign('old secret')}0`), 'signature-malformed'],
    ['not hexadecimal', signed(`sha256=${'z'.repeat(64)}`), 'signature-malformed'],
    ['sent twice', signed(`${sign('old secret')}, ${sign('old secret')}`), 'signature-malformed'],
    ['made with another secret', signed(sign('a guess')), 'signature-mismatch'],
    ['made with the empty secret', signed(sign('')), 'signature-mismatch'],
    ['made over another body', signed(sign('old secret', Buffer.from('{}'))), 'signature-mismatch'],
  ])('that is %s is refused as %s', (_, headers, kind) => {
    expect(refuseSignature(ALL, headers, BODY)?.document()).toMatchObject({
      status: 401,
      type: `urn:healer:problem:${kind}`,
    });
  });

  it('covers every byte', () => {
    const other = Buffer.from(BODY);
    other[5] = (other[5] ?? 0) ^ 1;
    expect(refuseSignature(ALL, signed(sign('old secret')), other)?.kind).toBe('signature-mismatch');
  });

  it.each([
    ['no secret', { ...ALL, webhookSecrets: [] }],
    ['an empty secret', { ...ALL, webhookSecrets: [''] }],
  ])('cannot be right when %s is configured beside tokens', (_, credentials) => {
    expect(refuseSignature(credentials, signed(sign('')), BODY)?.kind).toBe('signature-not-configured');
  });

  it('is looked at before the body is there, as far as that goes', () => {
    expect(refuseSignatureHeader(ALL, {})?.kind).toBe('signature-missing');
    expect(refuseSignatureHeader(ALL, signed(sign('a guess')))).toBeNull();
  });
});

describe('a bearer token', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it.each([
    ['write-1', 'write'],
    ['write-2', 'write'],
    ['write-1', 'read'],
    ['read-1', 'read'],
  ] as const)('%s may %s', (token, need) => {
    expect(refuseToken(ALL, bearer(token), need)).toBeNull();
  });

  it('may be announced in any case', () => {
    expect(refuseToken(ALL, { authorization: 'bearer  write-1 ' }, 'write')).toBeNull();
  });

  it.each([
    ['nothing', {}, 'token-missing', /realm="healer"$/],
    ['another scheme', { authorization: 'Basic d3JpdGUtMTo=' }, 'token-malformed', /invalid_request/],
    ['no token', { authorization: 'Bearer ' }, 'token-malformed', /invalid_request/],
    ['two tokens', bearer('write-1 write-2'), 'token-malformed', /invalid_request/],
    ['an unknown token', bearer('guess'), 'token-unknown', /invalid_token/],
    ['a token cut short', bearer('write-'), 'token-unknown', /invalid_token/],
    ['a reading token', bearer('read-1'), 'token-read-only', /insufficient_scope/],
  ] as const)('%s is refused as %s', (_, headers, kind, challenge) => {
    const refusal = refuseToken(ALL, headers, 'write');
    expect(refusal?.document()).toMatchObject({ status: 401, type: `urn:healer:problem:${kind}` });
    expect(refusal?.headers['www-authenticate']).toMatch(challenge);
  });

  it('is never one that is empty', () => {
    const credentials = { ...NOTHING, webhookSecrets: ['s'], apiTokens: ['', ''] };
    expect(refuseToken(credentials, bearer('x'), 'write')?.kind).toBe('token-not-configured');
  });

  it('for writing cannot be right when only reading ones are configured', () => {
    const credentials = { ...NOTHING, readTokens: ['read-1'] };
    expect(refuseToken(credentials, bearer('read-1'), 'write')?.kind).toBe('token-not-configured');
    expect(refuseToken(credentials, bearer('read-1'), 'read')).toBeNull();
  });

  it('never shows in the refusal', () => {
    expect(JSON.stringify(refuseToken(ALL, bearer('tell-nobody'), 'write')?.document())).not.toContain('tell-nobody');
  });
});

describe('without any credentials', () => {
  it('everything is accepted: the service then listens on loopback only', () => {
    expect(hasCredentials(NOTHING)).toBe(false);
    expect(hasCredentials({ ...NOTHING, apiTokens: [''] })).toBe(false);
    expect(refuseSignature(NOTHING, {}, BODY)).toBeNull();
    expect(refuseToken(NOTHING, {}, 'write')).toBeNull();
  });

  it('a web page in a local browser is refused, also one that claims to come from nowhere', () => {
    for (const origin of ['https://evil.example', 'http://localhost:8080', 'null'])
      expect(refuseBrowser(NOTHING, { origin })?.kind).toBe('browser-request');
    expect(refuseBrowser(NOTHING, {})).toBeNull();
    expect(refuseBrowser(ALL, { origin: 'https://ui.example' })).toBeNull();
  });
});
