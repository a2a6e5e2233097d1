import { describe, expect, it } from 'vitest';
import { createRedactor, safeText } from '../../src/safety/index.ts';
import { DRESSES, plantedSecrets, survivors } from '../support/secrets.ts';

const planted = plantedSecrets('unit');
const gate = (text: string, secrets: readonly string[] = []): string => safeText(text, createRedactor({ secrets }));
/** Lines of a log that say nothing secret and stand on both sides of what is planted. */
const [BEFORE, AFTER] = ['error: the step failed with exit code 1', 'done in 12.3 s'];

describe('planted secrets', () => {
  it('are of eighty kinds', () => {
    expect(planted.length).toBeGreaterThanOrEqual(80);
  });

  describe.each(Object.entries(DRESSES))('%s', (_, dress) => {
    it.each(planted.map((one) => [one.kind, one] as const))('are taken out: %s', (_kind, one) => {
      const safe = gate(`${BEFORE}\n${dress(one.text)}\n${AFTER}`);
      expect(survivors(safe, [one])).toEqual([]);
      expect(safe).toMatch(/«redacted:[a-z0-9-]+:\d+»/);
      expect(safe).toContain(BEFORE);
      expect(safe).toContain(AFTER);
    });
  });

  it('are taken out wherever the text was cut, as far as a piece of them is of use', () => {
    for (const one of planted.filter(({ text, pieces }) => pieces.length === 1 && text === pieces[0])) {
      const [value = ''] = one.pieces;
      for (let at = 12; at < value.length; at += 5) {
        const head = gate(`${BEFORE}\ntoken is ${value.slice(0, at)}`);
        const whole = `${BEFORE} ${value.slice(0, at)}\n[healer: 512 bytes of this text were left out here]\n${value.slice(at)}\n${AFTER}`;
        const left = [gate(whole), head].map((text) =>
          text.split('\n').filter((line) => line.includes(value.slice(-14))),
        );
        expect(left, `${one.kind} at ${at}`).toEqual([[], []]);
      }
    }
  });
});

describe('values of our own settings', () => {
  const value = 'Tr0ub4dor+&3/with "quotes" <and> more';
  const key = plantedSecrets('own').find(({ kind }) => kind === 'rsa key')?.text ?? '';
  const FORMS: Readonly<Record<string, (text: string) => string>> = {
    plain: (text) => text,
    'JSON-escaped': (text) => JSON.stringify(text).slice(1, -1),
    'JSON-escaped twice': (text) => JSON.stringify(JSON.stringify(text).slice(1, -1)).slice(1, -1),
    'URL-encoded': encodeURIComponent,
    'URL-encoded as a form': (text) => new URLSearchParams({ v: text }).toString().slice(2),
    'in HTML': (text) =>
      text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    'in hexadecimal': (text) => Buffer.from(text).toString('hex'),
    'in capital hexadecimal': (text) => Buffer.from(text).toString('hex').toUpperCase(),
    'in base64': (text) => Buffer.from(text).toString('base64'),
    'in base64, one byte later': (text) => Buffer.from(`a${text}z`).toString('base64'),
    'in base64, two bytes later': (text) => Buffer.from(`ab${text}zz`).toString('base64'),
    'in base64 of URLs': (text) => Buffer.from(`user:${text}`).toString('base64url'),
  };

  it.each(Object.entries(FORMS))('are found %s', (_, form) => {
    const safe = gate(`value ${form(value)} end`, [value]);
    expect(safe).toContain('«redacted:healer-setting:1»');
    expect(safe).not.toContain(form(value).slice(5, -5));
  });

  it('are found with the same number in every form of one text', () => {
    const all = Object.values(FORMS).map((form) => `v ${form(value)} e`);
    const numbers = gate(all.join('\n'), [value]).match(/«redacted:healer-setting:(\d+)»/g);
    expect(new Set(numbers)).toEqual(new Set(['«redacted:healer-setting:1»']));
    expect(numbers?.length).toBe(all.length);
  });

  it.each([
    ['as it is', (text: string) => text],
    ['with time stamps', (text: string) => text.replace(/^/gm, '2026-01-02T03:04:05Z ')],
    ['indented', (text: string) => text.replace(/^/gm, '        ')],
    ['with `\\n` in its place', (text: string) => text.replaceAll('\n', '\\n')],
    ['in wrapped base64', (text: string) => Buffer.from(text).toString('base64').replace(/.{64}/g, '$&\n')],
    [
      'with its lines numbered',
      (text: string) =>
        text
          .split('\n')
          .map((line, i) => `${i + 1}: ${line}`)
          .join('\n'),
    ],
  ])('are found over several lines, %s', (_, dress) => {
    const safe = gate(`${BEFORE}\n${dress(key)}\n${AFTER}`, [key]);
    for (const line of key.split('\n').slice(1, -2)) expect(safe).not.toContain(line.slice(8, 40));
    expect(safe).toContain(BEFORE);
    expect(safe).toContain(AFTER);
  });

  it('are found in pieces beside a cut', () => {
    const secret = 'correct.horse.battery.staple';
    for (let at = 8; at <= secret.length - 8; at++) {
      const [head, tail] = [secret.slice(0, at), secret.slice(at)];
      expect(gate(`${'x '.repeat(9)}${head}`, [secret])).not.toContain(head);
      expect(gate(`${tail} and more words`, [secret])).not.toContain(tail);
      const cut = gate(`a ${head}\n[… 12 lines left out …]\n${tail} b`, [secret]);
      expect(cut).not.toContain(head);
      expect(cut).not.toContain(tail);
    }
  });
});

describe('what only looks like a secret', () => {
  const sha = '3f786850e387550fdab836ed7e6dc881de23001b';
  const digest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  const random = (length: number): string =>
    plantedSecrets('noise')
      .map(({ pieces }) => pieces[0])
      .join('')
      .replace(/[^A-Za-z0-9]/g, '')
      .slice(900, 900 + length);
  const certificate = Array.from({ length: 4 }, (_, i) => random(64 + i).slice(i)).join('\n');

  it.each([
    ['a commit', `HEAD is now at ${sha} fix: tests`],
    ['commits of a push', `   ${sha.slice(0, 7)}..89e6c98  main -> main`],
    ['a digest of an image', `FROM node:24@sha256:${digest}`],
    ['digests line by line', Array.from({ length: 5 }, (_, i) => `${digest.slice(i)}${digest.slice(0, i)}`).join('\n')],
    ['a UUID', 'request 123e4567-e89b-12d3-a456-426614174000 failed'],
    ['a ULID', 'remediation 01JD5QK3M8N7VWXYZABCDEFGHJ'],
    ['an integrity hash of npm', `      "integrity": "sha512-${random(86)}==",`],
    ['a checksum of Cargo', `checksum = "${digest}"`],
    ['a hash of go.sum', `github.com/acme/lib v1.2.3 h1:${random(43)}=`],
    ['a hash of yarn', `  checksum: 10c0/${digest}${digest}`],
    ['a hash of pip', `    --hash=sha256:${digest} \\`],
    ['a hash of Nix', `  hash = "sha256-${random(43)}=";`],
    ['a public SSH key', `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5${random(48)} ada@laptop`],
    ['a public RSA key', `ssh-rsa AAAAB3NzaC1yc2E${random(200)} ci`],
    ['a certificate', `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----`],
    ['a public key', `-----BEGIN PUBLIC KEY-----\n${certificate}\n-----END PUBLIC KEY-----`],
    ['a signature of git', `-----BEGIN PGP SIGNATURE-----\n\n${certificate}\n-----END PGP SIGNATURE-----`],
    ['a fingerprint', `SHA256:${random(43)} ada@laptop (ED25519)`],
    ['a version', 'added 812 packages, typescript@5.6.3 (was 5.5.4), node v24.21.0'],
    ['an address of a package', 'https://registry.npmjs.org/@babel/core/-/core-7.24.0.tgz'],
    ['a path of a build', '/home/runner/work/shop/shop/target/debug/deps/shop-1c4bb3a1d0f6b2aa'],
    ['a chunk of a bundle', 'dist/assets/index-BxK3mZ9q.js   142.31 kB │ gzip: 45.10 kB'],
    ['a mangled name', '_ZN4core3ptr85drop_in_place$LT$alloc..vec..Vec$LT$u8$GT$$GT$17h0123456789abcdefE'],
    ['an id of a trace', 'trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7'],
    ['an ARN', 'arn:aws:iam::123456789012:role/deploy-production'],
    ['an address of an image', '123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:2026.01.02-3f78685'],
    ['a name of a pod', 'pod/shop-7d9c6b5f4-x2x7k condition met'],
    [
      'base64 of test data',
      `fixture: ${Buffer.from('The quick brown fox jumps over the lazy dog, again and again.').toString('base64')}`,
    ],
    ['an image in a URL', `data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ${random(60)}`],
    ['a source map', '//# sourceMappingURL=app.3f78685a.js.map'],
    ['a masked value', 'GITHUB_TOKEN: ***'],
    ['an expression', 'token: ${{ secrets.GITHUB_TOKEN }}'],
    ['a variable of a shell', 'docker login --username ci --password $REGISTRY_PASSWORD'],
    ['code about passwords', 'if (password.length < 12) throw new Error("password: too short");'],
    ['a type', 'pub struct Login { password: String, token: Option<Token> }'],
    ['a name of a migration', '== 20120806062617 RemoveNewPasswordStuffFromUser: migrating ==='],
    ['another name of a migration', '== 20130625170842 RemoveAccessPassword: migrated (0.0019s) ==='],
    ['a heading over a rule', 'muc_config_password\n--------------------------------'],
    ['tokens of a model', 'max_tokens=4096 total_tokens: 128000 tokenizer: cl100k_base'],
    ['a complaint of a parser', 'Unexpected token: punc ()) at line 3'],
    ['a rule about keys', 'error: key "apiVersion" already defined (key-duplicates)'],
    ['a permission', 'permissions: id-token: write'],
    ['a name of a secret', 'secret "shop-database-credentials-v2" not found'],
    ['an encoded address', 'https://github.com/search?q=repo%3Aacme%2Fshop+is%3Aopen&type=issues'],
    ['escapes of a path', 'C:\\\\Users\\\\runneradmin\\\\AppData\\\\Local\\\\Temp\\\\shop.log'],
    ['escapes of bytes', 'printf "\\x41\\x42\\u0043 failed"'],
    ['a hex dump', '00000010  7f 45 4c 46 02 01 01 00 00 00 00 00 00 00 00 00'],
    ['a rule of CSS', '.btn--primary{background:#3f7868;color:#fff}/*# sourceMappingURL=a.css.map */'],
  ])('is left alone: %s', (_, text) => {
    expect(gate(text, ['own-secret-value'])).toBe(text);
  });
});
