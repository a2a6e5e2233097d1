import { describe, expect, it } from 'vitest';
import { DOORS } from '../../src/intake/doors.ts';
import { interpret, interpretDelivery } from '../../src/intake/interpret.ts';
import { scrub } from '../../src/intake/scrub.ts';
import { sha256 } from '../../src/lib/digest.ts';
import { LEAK, PLAY_FAILURE, secretScanningAlert } from './support/alerts.ts';
import { comment, wrapped } from './support/bodies.ts';
import { cpuMs } from './support/cpu.ts';
import { EXAMPLES } from './support/examples.ts';
import { startService } from './support/service.ts';

const bytes = (body: unknown) => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
const scrubbed = (body: unknown) => Buffer.from(scrub(bytes(body))).toString();
const PLACEHOLDER = '«redacted:adafruit-io-key:1»';

/** The value in every form in which a body could hold it. */
const FORMS = {
  'as it is': LEAK,
  'in an address': `https://x.example/?key=${encodeURIComponent(LEAK)}&x=1`,
  'in base64': Buffer.from(`user:${LEAK}`).toString('base64'),
  'in hexadecimal': Buffer.from(LEAK).toString('hex'),
};

/** The ways in which a body comes to the door. */
const variants = {
  bare: (body: object) => JSON.stringify(body),
  'wrapped by a sensor': (body: object) => JSON.stringify(wrapped(body, 'secret_scanning_alert')),
  'wrapped as text': (body: object) => JSON.stringify(wrapped(JSON.stringify(body), 'secret_scanning_alert')),
  'in a form': (body: object) => `payload=${encodeURIComponent(JSON.stringify(body))}&x=${LEAK}`,
  'with its letters escaped': (body: object) =>
    JSON.stringify(body).replaceAll(
      LEAK,
      [...LEAK].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    ),
  'with a second key of the same name': (body: object) =>
    JSON.stringify(body).replace(`"secret":"${LEAK}"`, `"secret":"${LEAK}","secret":null`),
};

describe('an alert about a leaked secret', () => {
  it('is kept with a placeholder of the secret’s type where the value stood, and otherwise as it was', () => {
    expect(JSON.parse(scrubbed(secretScanningAlert()))).toEqual(secretScanningAlert({ secret: PLACEHOLDER }));
  });

  it.each(Object.entries(FORMS))('does not keep the value %s anywhere else either', (_, form) => {
    const details = { path: `config/${form}.yml`, html_url: form, blob: { deep: [{ text: `key=${form}` }] } };
    const body = {
      ...secretScanningAlert({ resolution_comment: `rotated ${form}`, locations: [{ type: 'commit', details }] }),
      location: { type: 'commit', details },
      [form]: 'as a name',
    };
    const kept = scrubbed(body);
    expect(kept).not.toContain(form);
    expect(kept).not.toContain(LEAK);
    expect(kept.match(/«redacted:/g)?.length).toBeGreaterThan(4);
  });

  it.each(Object.entries(variants))('%s does not keep it', (_, write) => {
    const kept = scrubbed(write(secretScanningAlert()));
    const plain = decodeURIComponent(kept).replaceAll(/\\+u00(\w\w)/g, (_all, hex) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    expect(plain).not.toContain(LEAK);
  });

  it.each(Object.entries(variants).filter(([name]) => name !== 'in a form'))('%s says what it said', (_, write) => {
    const body = bytes(write(secretScanningAlert()));
    for (const door of DOORS.filter(({ source }) => source === 'github')) {
      const event = 'secret_scanning_alert';
      const read = interpret({ door, bytes: scrub(body), event, externalId: null });
      expect(read).toMatchObject({ fault: null, signals: [{ kind: 'security_raised', number: 191 }] });
      expect(interpretDelivery({ origin: door.origin, event, externalId: null, body: scrub(body) })).toEqual(read);
      expect(interpretDelivery({ origin: door.origin, event, externalId: null, body })).toEqual(read);
    }
  });

  it('says the same from a file as it said at the door, also where the value stood in what describes', () => {
    const body = bytes(secretScanningAlert({ secret_type_display_name: `Key ${LEAK}` }));
    const read = interpretDelivery({ origin: 'github', event: null, externalId: null, body });
    expect(JSON.stringify(read)).not.toContain(LEAK);
    expect(read.signals[0]).toMatchObject({ title: `Leaked secret: Key ${PLACEHOLDER}` });
  });

  it('is scrubbed once: the second time changes nothing', () => {
    const once = scrubbed(secretScanningAlert());
    expect(scrubbed(once)).toBe(once);
  });

  it('keeps what names the place, even if the leaked word is in it', () => {
    const leak = 'acme/shop';
    expect(JSON.parse(scrubbed(secretScanningAlert({ secret: leak, note: `${leak} leaked` })))).toMatchObject({
      repository: { full_name: 'acme/shop' },
      alert: { secret: PLACEHOLDER, note: `${PLACEHOLDER} leaked` },
    });
  });

  it('has its people’s comments searched for other secrets, a few of them', () => {
    const token = `ghp_${'a1B2'.repeat(9)}`;
    const body = secretScanningAlert({ resolution_comment: `the new one is ${token}` });
    expect(scrubbed(body)).not.toContain(token);
    const many = Array.from({ length: 200 }, () => ({ secret_type: 'x', a_comment: `${token} ${'y'.repeat(9_000)}` }));
    expect(cpuMs(() => expect(scrubbed({ many })).not.toContain(token), 500)).toBeLessThan(500);
  });

  const lines = Array.from({ length: 3_000 }, (_, index) => `line ${index} of a key ${LEAK}`).join('\n');
  it.each([
    [
      'thousands of alerts',
      {
        pad: Array(20_000).fill('x'.repeat(60)),
        all: Array.from({ length: 20_000 }, (_, n) => ({ secret_type: 'x', secret: `${LEAK}${n}` })),
      },
    ],
    ['a value of thousands of lines', secretScanningAlert({ secret: lines, note: lines })],
    ['a value of a megabyte', secretScanningAlert({ secret: 'ab'.repeat(500_000), note: 'ab'.repeat(500_000) })],
    [
      'a long value and a large body of short texts',
      { ...secretScanningAlert({ secret: lines }), pad: Array(50_000).fill('x') },
    ],
    ['a long value and a body of common size', secretScanningAlert({ secret: lines, note: 'text '.repeat(2_000) })],
    [
      'a value of backslashes and brackets',
      secretScanningAlert({ secret: '(a+)+\\['.repeat(1_000), note: 'a'.repeat(50_000) }),
    ],
  ])('with %s takes bounded time, and is kept without the value', (_, body) => {
    const raw = bytes(body);
    let kept = '';
    const spent = cpuMs(() => {
      kept = Buffer.from(scrub(raw)).toString();
    }, 300);
    expect(spent).toBeLessThan(300);
    expect(kept.length).toBeLessThan(raw.length);
    expect(kept).not.toContain(LEAK);
    expect(kept).not.toMatch(/(ab){100}|(\(a\+\)\+){3}/);
  });

  it('with a private key does not keep a line of it', () => {
    const key = Array.from({ length: 50 }, (_, index) => sha256(`${index}`)).join('\n');
    const secret = `-----BEGIN RSA PRIVATE KEY-----\n${key}\n-----END RSA PRIVATE KEY-----\n`;
    const kept = scrubbed(secretScanningAlert({ secret, note: key.replaceAll('\n', ' | ') }));
    for (const line of key.split('\n')) expect(kept).not.toContain(line);
  });

  it.each([[7], [{ value: LEAK }], [[LEAK]], ['']])('whose value is %j loses it all the same', (secret) => {
    const kept = JSON.parse(scrubbed(secretScanningAlert({ secret })));
    expect(kept.alert.secret).toBe(PLACEHOLDER);
  });

  it.each([
    [null, '«redacted:secret:1»'],
    ['', '«redacted:secret:1»'],
    ['../../AWS Key\u0000', '«redacted:aws-key:1»'],
    ['«redacted»', '«redacted:redacted:1»'],
  ])('of type %j has a placeholder of its own form', (secret_type, placeholder) => {
    expect(JSON.parse(scrubbed(secretScanningAlert({ secret_type }))).alert.secret).toBe(placeholder);
  });
});

describe('any other body', () => {
  it('is kept byte for byte', () => {
    const others = [
      ...EXAMPLES.filter(({ event }) => !event.startsWith('secret_scanning')).map(({ body }) => body),
      comment('the field secret_type says which'),
      { ...PLAY_FAILURE, logs: '{"secret_type":"x","secret":"y"}' },
    ];
    for (const body of others) {
      const raw = Buffer.from(` ${JSON.stringify(body)}\n`);
      expect(scrub(raw)).toBe(raw);
    }
  });

  it.each(['{"secret_type":', 'secret_type', ''])('%j, which cannot be read, comes back as it is', (text) => {
    expect(scrubbed(text)).toBe(text);
  });
});

describe('at the door', () => {
  it('the scrubbed bytes are handed on, with the digest of what was sent', async () => {
    for (const [name, write] of Object.entries(variants)) {
      const { post, accepted } = startService();
      if (name === 'in a form') continue;
      const raw = write(secretScanningAlert());
      for (const { path } of DOORS) await post(path, raw, { 'x-github-event': 'secret_scanning_alert' });
      expect(accepted.length, name).toBe(DOORS.filter(({ source }) => source === 'github').length);
      for (const { delivery, meta } of accepted) {
        expect(delivery.digest).toBe(sha256(raw));
        expect(Buffer.from(delivery.body).includes(LEAK)).toBe(false);
        expect(JSON.stringify(meta)).not.toContain(LEAK);
        expect(interpretDelivery(delivery).signals).toEqual(meta.signals);
      }
    }
  });
});
