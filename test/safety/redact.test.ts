import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIBRARY_RULES } from '../../src/safety/library-rules.ts';
import { createRedactor } from '../../src/safety/redact.ts';
import { processorTime } from '../support/processor-time.ts';

const redact = (text: string, secrets: readonly string[] = []) => createRedactor({ secrets }).redact(text).text;
/** A deterministic string of token characters; real tokens have no place in a repository. */
const chars = (length: number, alphabet = 'aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW0xYz') =>
  Array.from({ length }, (_, i) => alphabet[(i * 7 + (i >> 3)) % alphabet.length]).join('');
const hex = (length: number) => chars(length, '0123456789abcdef');

/** What must not survive, in the line it stands in. `§` marks the place. */
const PLANTED: readonly (readonly [line: string, secret: string])[] = [
  ['remote: using § for push', `ghp_${chars(36)}`],
  ['token §', `ghs_${chars(36)}`],
  ['newer and longer: §', `ghs_${chars(120)}`],
  ['fine grained §', `github_pat_${chars(22)}_${chars(59)}`],
  ['gitlab §', `glpat-${chars(20)}`],
  ['aws id §', `AKIA${chars(16, 'ABCDEFGHIJKLMNOP234567')}`],
  ['aws_secret_access_key = §', chars(40)],
  ['export AWS_SECRET_ACCESS_KEY="§"', chars(40)],
  ['slack §', `xoxb-123456789012-${chars(24)}`],
  ['POST https://hooks.slack.com/services/§', `T0AAAAAAA/B0BBBBBBB/${chars(24)}`],
  ['https://discord.com/api/webhooks/123456789012345678/§', chars(68)],
  ['npm §', `npm_${chars(36)}`],
  ['//registry.npmjs.org/:_authToken=§', chars(40)],
  ['pypi §', `pypi-${chars(80)}`],
  ['§', `AIza${chars(35)}`],
  ['stripe §', `sk_live_${chars(24)}`],
  ['anthropic §', `sk-ant-api03-${chars(93)}AA`],
  ['openai §', `sk-proj-${chars(48)}`],
  ['jwt §.', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0ZXN0In0.${chars(43)}`],
  ['vault §', `hvs.${chars(95)}`],
  ['sendgrid §', `SG.${chars(22)}.${chars(43)}`],
  ['tf §', `${chars(14)}.atlasv1.${chars(67)}`],
  ['docker §', `dckr_pat_${chars(27)}`],
  ['grafana §', `glsa_${chars(32)}_${hex(8)}`],
  ['AccountName=x;AccountKey=§;EndpointSuffix=y', `${chars(86)}==`],
  ['hf §', `hf_${chars(34, 'abcdefghijklmnopqrstuvwxyzABCDEFGH')}`],
  ['Authorization: Bearer §', chars(32)],
  ['authorization: basic §', 'dXNlcjpodW50ZXIyaHVudGVyMg=='],
  ['> "Authorization": "token §"', hex(40)],
  ['  -H "Authorization: §"', chars(28)],
  ['Set-Cookie: §', `session=${chars(30)}`],
  ['password=§', 'hunter2'],
  ['--password § --verbose', 'correct-horse-7'],
  ['POSTGRES_PASSWORD: §', 'Sommer2024!'],
  ['  db_password: "§"', 'p w with spaces'],
  ["mysql_pwd='§'", 'abcd'],
  ['{"client_secret":"§"}', 'Zx81-spectrum-48k'],
  ['{\\"api_key\\": \\"§\\"}', chars(24)],
  ['GET /v1/items?access_token=§&page=2', chars(20)],
  ['token=§', 'k3yb0ardc4t'],
  ['DATABASE_URL=postgres://app:§@db.internal:5432/app', 's3cr3t-p4ss'],
  ['fatal: unable to access https://x-access-token:§@github.com/acme/shop/', chars(30)],
  ['cloning https://§@github.com/acme/shop', chars(40)],
  ['amqps://user:§@mq.example.com', 'p@ss'],
  ['curl -u admin:§ https://example.com', 'swordfish9'],
  ['password: "§"', 'Letmein'],
  ['DB_PASS=§', 'Letmein'],
  ['machine example.com login ada password §', 'correcthorse'],
  ['{"auths":{"ghcr.io":{"auth":"§"}}}', 'YWRhOmNvcnJlY3Rob3JzZQ=='],
  ['    client-key-data: §', Buffer.from(`-----BEGIN RSA PRIVATE KEY-----\n${chars(64)}`).toString('base64')],
  ['https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=§', hex(64)],
  ['{"log":"first\\n§\\nlast"}', `glpat-${chars(20)}`],
  ['redirect=https%3A%2F%2Fexample.com%3Fkey%3D§', `npm_${chars(36)}`],
  ['wordbefore§', `ghp_${chars(36)}`],
  ['telegram §', `123456789:AA${chars(33)}`],
];

const KEY_LINES = Array.from({ length: 12 }, (_, i) => chars(64).slice(i) + chars(i));
const PEM = ['-----BEGIN RSA PRIVATE KEY-----', ...KEY_LINES, '-----END RSA PRIVATE KEY-----'].join('\n');

describe('redaction', () => {
  it.each(PLANTED)('finds the secret in: %s', (line, secret) => {
    const result = redact(`before\n${line.replace('§', () => secret)}\nafter`);
    expect(result).not.toContain(secret);
    expect(result).toMatch(/«redacted:[a-z0-9-]+:1»/);
    expect(result.startsWith('before\n')).toBe(true);
    expect(result.endsWith('\nafter')).toBe(true);
  });

  it.each([
    ['a commit', 'HEAD is now at 3f786850e387550fdab836ed7e6dc881de23001b fix: tests'],
    ['a short commit', '  3f78685..89e6c98  main -> main'],
    ['a digest', 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['an image', 'FROM docker://alpine:3.19@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['a UUID', 'request 123e4567-e89b-12d3-a456-426614174000 failed'],
    ['an integrity hash', `"integrity": "sha512-${chars(86)}=="`],
    ['a path', '/home/runner/work/shop/shop/target/debug/deps/shop-1c4bb3a1d0f6b2aa'],
    ['a path behind a name', 'token: /var/run/secrets/kubernetes.io/serviceaccount/token'],
    ['a masked value', 'GITHUB_TOKEN: ***'],
    ['an expression', 'token: ${{ secrets.GITHUB_TOKEN }}'],
    ['a shell variable', 'docker login --password $REGISTRY_PASSWORD'],
    ['inherited secrets', 'secrets: inherit'],
    ['an attribute', 'connect(host=self.host, password=self.password, token=settings.api.token)'],
    ['a name for itself', 'def login(password=password, token=token):'],
    ['a count of tests', 'pass: 1024, fail: 2'],
    ['a render pass', 'pass: compositing'],
    ['a certificate', `certificate-authority-data: ${Buffer.from('-----BEGIN CERTIFICATE-----').toString('base64')}`],
    ['a parser', 'error: expected token: `;`, found `}`'],
    ['a type', 'pub struct Login { password: String, token: Option<Token> }'],
    ['a count', 'max_tokens=4096 total_tokens: 128000'],
    ['a secret name', 'secretName: shop-database-credentials-v2'],
    ['a word', 'SyntaxError: Unexpected token: punc ())'],
    ['a tokenizer', 'tokenizer: cl100k_base_2024'],
    ['a registry with a port', 'https://registry.npmjs.org:443/@babel/core/-/core-7.24.0.tgz'],
    ['an ssh remote', 'ssh://git@github.com/acme/shop.git'],
    ['a crate', '   Compiling secrecy v0.8.0'],
    ['a permission', 'permissions: id-token: write'],
  ])('leaves %s alone', (_, line) => {
    expect(redact(line)).toBe(line);
  });

  it.each([
    ['whole', PEM],
    [
      'with time stamps',
      PEM.split('\n')
        .map((line) => `2026-01-02T03:04:05.1234567Z ${line}`)
        .join('\n'),
    ],
    ['cut at the end', PEM.slice(0, 500)],
    ['cut at the beginning', PEM.slice(200)],
    ['on one line', `KEY="${PEM.replaceAll('\n', '\\n')}"`],
  ])('takes a private key out, %s', (_, text) => {
    const result = redact(`first line\n${text}\n\nlast words of the log`);
    for (const line of KEY_LINES) expect(result).not.toContain(line.slice(20, 44));
    expect(result).toContain('«redacted:private-key:1»');
    expect(result).toContain('first line');
    expect(result).toContain('last words of the log');
  });

  it('takes a private key out although a placeholder was written into its middle', () => {
    const result = redact(PEM.replace(KEY_LINES[5] ?? '', '«redacted:token:1»'));
    for (const line of KEY_LINES) expect(result).not.toContain(line.slice(20, 44));
  });

  it('finds our own settings in every form they are printed in', () => {
    const secret = 'wh-secret/with+odd chars&more';
    const forms = [
      secret,
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
      Buffer.from(`user:${secret}`).toString('base64'),
      Buffer.from(`me:${secret}!`).toString('base64'),
      encodeURIComponent(secret),
      encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
      Buffer.from(secret).toString('hex'),
    ];
    for (const form of forms) {
      const result = redact(`value ${form} end`, [secret]);
      expect(result).toContain('«redacted:healer-setting:1»');
      expect(result).not.toContain(form.slice(6, -6));
    }
  });

  it('finds each line of a key of our own, also without its frame', () => {
    const body = KEY_LINES.slice(2, 5).join('\n');
    expect(redact(`dump:\n${body}`, [PEM])).not.toContain(KEY_LINES[3]);
    const encoded = Buffer.from(PEM).toString('base64').replace(/.{76}/g, '$&\n');
    expect(redact(encoded, [PEM])).not.toContain(encoded.split('\n')[3]);
  });

  it('does not take short settings for secrets', () => {
    expect(redact('a token of ab', ['ab', ''])).toBe('a token of ab');
  });

  it('numbers a secret once in its scope and counts every place', () => {
    const redactor = createRedactor();
    const [a, b] = [`ghp_${chars(36)}`, `ghp_${chars(35)}Z`];
    expect(redactor.redact(`${a} ${b} ${a}`)).toEqual({
      text: '«redacted:github-token:1» «redacted:github-token:2» «redacted:github-token:1»',
      found: [{ type: 'github-token', count: 3 }],
    });
    expect(redactor.redact(b).text).toBe('«redacted:github-token:2»');
    expect(createRedactor().redact(b).text).toBe('«redacted:github-token:1»');
  });

  it('is not switched off by a comment in the text', () => {
    const secret = `shpat_${hex(32)}`;
    expect(redact(`# secretlint-disable\n${secret}`)).not.toContain(secret);
  });

  it('uses the rules of the library', () => {
    expect(LIBRARY_RULES).toBeGreaterThanOrEqual(20);
  });

  it('changes nothing the second time', () => {
    const lines = PLANTED.map(([line, secret]) => line.replace('§', () => secret));
    const parts = [
      'password',
      'token',
      '=',
      ': ',
      '"',
      'Bearer ',
      '«redacted:token:1»',
      '«',
      '»',
      '\n',
      '\\',
      ':1',
      '://',
    ];
    const begin = PEM.split('\n')[0] ?? '';
    const piece = fc.oneof(fc.constantFrom(...lines, PEM, begin), fc.constantFrom(...parts), fc.string());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.constantFrom('', '\n', ' '), (pieces, joint) => {
        const once = redact(pieces.join(joint));
        expect(redact(once)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });

  it('finds a planted secret among any other text', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PLANTED), fc.string(), fc.string(), ([line, secret], before, after) => {
        expect(redact(`${before}\n${line.replace('§', () => secret)}\n${after}`)).not.toContain(secret);
      }),
      { numRuns: 300 },
    );
  });

  it('takes no more than moderate time for a large log and for lines made to be slow', () => {
    const log = Array.from(
      { length: 15_000 },
      (_, i) => `2026-01-01T00:00:00Z  Compiling crate-${i} v0.1.${i} ok`,
    ).join('\n');
    const nasty = [
      'a'.repeat(200_000),
      'token'.repeat(40_000),
      '://'.repeat(60_000),
      'eyJ'.repeat(60_000),
      '"'.repeat(99_999),
    ];
    expect(processorTime(() => redact([log, ...nasty].join('\n')), 1)).toBeLessThan(10_000);
  });
});
