/**
 * Made-up secrets of every kind, put together at run time from a seed: none of them stands in the repository in a shape
 * that a scanner knows, and none of them ever opened anything.
 */

/** A linear congruential generator: the same texts in every run (Numerical Recipes, 7.1). */
function randomFrom(seed: string): () => number {
  let state = [...seed].reduce((sum, char) => (Math.imul(sum, 31) + char.charCodeAt(0)) >>> 0, 7);
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = UPPER.toLowerCase();
const DIGITS = '0123456789';
const ALNUM = UPPER + LOWER + DIGITS;
const URL_SAFE = `${ALNUM}-_`;
const BASE64 = `${ALNUM}+/`;
const HEX = '0123456789abcdef';

class Maker {
  private readonly random: () => number;

  constructor(seed: string) {
    this.random = randomFrom(seed);
  }

  /** Begins with one of each sort, as real ones nearly always have. */
  of(length: number, alphabet: string = ALNUM): string {
    const text = Array.from({ length }, () => alphabet[Math.floor(this.random() * alphabet.length)] ?? 'x');
    if (alphabet.length > 40) text.splice(1, 4, 'k', '7', 'Q', '2');
    return text.slice(0, length).join('');
  }

  base64(bytes: number): string {
    return Buffer.from(Array.from({ length: bytes }, () => Math.floor(this.random() * 256))).toString('base64');
  }

  pem(name: string, bytes = 600): string {
    const lines = this.base64(bytes).match(/.{1,64}/g) ?? [];
    return [`-----BEGIN ${name}-----`, ...lines, `-----END ${name}-----`].join('\n');
  }
}

type Make = (maker: Maker) => string;

/** What carries its issuer in its shape, wherever it stands. */
const SHAPED: Readonly<Record<string, Make>> = {
  'github classic': (m) => `ghp${'_'}${m.of(36)}`,
  'github oauth': (m) => `gho${'_'}${m.of(36)}`,
  'github user': (m) => `ghu${'_'}${m.of(36)}`,
  'github server': (m) => `ghs${'_'}${m.of(36)}`,
  'github refresh': (m) => `ghr${'_'}${m.of(76)}`,
  'github fine grained': (m) => `github${'_pat_'}${m.of(22)}_${m.of(59)}`,
  gitlab: (m) => `glpat${'-'}${m.of(20, URL_SAFE)}`,
  'gitlab runner': (m) => `glrt${'-'}${m.of(20, URL_SAFE)}`,
  'aws id': (m) => `AKIA${m.of(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
  'aws session id': (m) => `ASIA${m.of(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
  'google api': (m) => `AIza${m.of(35, URL_SAFE)}`,
  'google oauth': (m) => `ya29${'.'}${m.of(60, URL_SAFE)}`,
  'google client': (m) => `GOCSPX${'-'}${m.of(28, URL_SAFE)}`,
  'azure client': (m) => `${m.of(3)}8Q~${m.of(34)}`,
  anthropic: (m) => `sk-ant${'-api03-'}${m.of(93, URL_SAFE)}AA`,
  'openai project': (m) => `sk-proj${'-'}${m.of(74, URL_SAFE)}`,
  openai: (m) => `sk${'-'}${m.of(48)}`,
  'stripe live': (m) => `sk${'_live_'}${m.of(24)}`,
  'stripe restricted': (m) => `rk${'_live_'}${m.of(24)}`,
  'stripe webhook': (m) => `whsec${'_'}${m.of(32)}`,
  'slack bot': (m) => `xoxb${'-'}${m.of(12, DIGITS)}-${m.of(13, DIGITS)}-${m.of(24)}`,
  'slack user': (m) => `xoxp${'-'}${m.of(12, DIGITS)}-${m.of(12, DIGITS)}-${m.of(12, DIGITS)}-${m.of(32, HEX)}`,
  'slack app': (m) => `xapp${'-1-'}A${m.of(10, UPPER + DIGITS)}-${m.of(13, DIGITS)}-${m.of(64, HEX)}`,
  'telegram bot': (m) => `${m.of(9, '123456789')}:AA${m.of(33, URL_SAFE)}`,
  npm: (m) => `npm${'_'}${m.of(36)}`,
  pypi: (m) => `pypi${'-'}AgEIcHlwaS5vcmc${m.of(100, URL_SAFE)}`,
  rubygems: (m) => `rubygems${'_'}${m.of(48, HEX)}`,
  'crates.io': (m) => `cio${m.of(32)}`,
  'docker hub': (m) => `dckr${'_pat_'}${m.of(27, URL_SAFE)}`,
  digitalocean: (m) => `dop${'_v1_'}${m.of(64, HEX)}`,
  terraform: (m) => `${m.of(14)}${'.atlasv1.'}${m.of(67, URL_SAFE)}`,
  vault: (m) => `hvs${'.'}${m.of(95, URL_SAFE)}`,
  'grafana service account': (m) => `glsa${'_'}${m.of(32)}_${m.of(8, HEX)}`,
  'grafana cloud': (m) => `glc${'_'}${m.of(60)}`,
  sentry: (m) => `sntrys${'_'}${m.of(64)}`,
  atlassian: (m) => `ATATT3x${'Ff'}${m.of(80)}`,
  linear: (m) => `lin${'_api_'}${m.of(40)}`,
  notion: (m) => `ntn${'_'}${m.of(46)}`,
  postman: (m) => `PMAK${'-'}${m.of(24, HEX)}-${m.of(34, HEX)}`,
  'new relic': (m) => `NRAK${'-'}${m.of(27, UPPER + DIGITS)}`,
  pulumi: (m) => `pul${'-'}${m.of(40, HEX)}`,
  doppler: (m) => `dp${'.pt.'}${m.of(43)}`,
  buildkite: (m) => `bkua${'_'}${m.of(40, HEX)}`,
  supabase: (m) => `sbp${'_'}${m.of(40, HEX)}`,
  planetscale: (m) => `pscale${'_tkn_'}${m.of(43, URL_SAFE)}`,
  fly: (m) => `fm2${'_'}${m.of(80)}`,
  sendgrid: (m) => `SG${'.'}${m.of(22, URL_SAFE)}.${m.of(43, URL_SAFE)}`,
  mailgun: (m) => `key${'-'}${m.of(32, HEX)}`,
  twilio: (m) => `SK${m.of(32, HEX)}`,
  shopify: (m) => `shpat${'_'}${m.of(32, HEX)}`,
  huggingface: (m) => `hf${'_'}${m.of(34, UPPER + LOWER)}`,
  databricks: (m) => `dapi${m.of(32, HEX)}`,
  age: (m) => `AGE-SECRET-KEY${'-1'}${m.of(58, UPPER + DIGITS)}`,
  jwt: (m) =>
    `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(`{"sub":"${m.of(12)}"}`).toString('base64url')}.${m.of(43, URL_SAFE)}`,
};

/** What is known by what stands in front of it; `§` marks the secret. */
const ASSIGNED: Readonly<Record<string, readonly [line: string, make: Make]>> = {
  'aws secret': ['AWS_SECRET_ACCESS_KEY=§', (m) => m.of(40, BASE64)],
  'bearer header': ['> Authorization: Bearer §', (m) => m.of(40)],
  'basic header': ['authorization: Basic §', (m) => Buffer.from(`ada:${m.of(18)}`).toString('base64')],
  'token header': ['"Authorization": "token §"', (m) => m.of(40, HEX)],
  cookie: ['Set-Cookie: session=§; Path=/', (m) => m.of(40)],
  'password in a URL': ['postgres://app:§@db.internal:5432/shop', (m) => m.of(18)],
  'token in a URL': ['fatal: unable to access https://§@git.internal/acme/shop.git', (m) => m.of(40)],
  'assigned password': ['DB_PASSWORD=§', (m) => m.of(14)],
  'password of YAML': ['  password: "§"', (m) => m.of(16)],
  'secret of JSON': ['{"client_secret":"§"}', (m) => m.of(32)],
  'secret of escaped JSON': ['{\\"api_key\\": \\"§\\"}', (m) => m.of(32)],
  'token in a query': ['GET /v1/items?access_token=§&page=2', (m) => m.of(32)],
  'flag of a command': ['mysql --user app --password § shop', (m) => m.of(16)],
  'user of curl': ['curl -u deploy:§ https://nexus.internal/', (m) => m.of(16)],
  'npm configuration': ['//registry.npmjs.org/:_authToken=§', (m) => m.of(40)],
  netrc: ['machine git.internal login ada password §', (m) => m.of(20)],
  'docker configuration': [
    '{"auths":{"ghcr.io":{"auth":"§"}}}',
    (m) => Buffer.from(`ada:${m.of(24)}`).toString('base64'),
  ],
  'azure storage': ['AccountName=shop;AccountKey=§;EndpointSuffix=x', (m) => `${m.of(86, BASE64)}==`],
  'signed URL': ['https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=§', (m) => m.of(64, HEX)],
  'slack webhook': [`POST https://hooks.${'slack'}.com/services/§`, (m) => `T${m.of(9)}/B${m.of(9)}/${m.of(24)}`],
  'discord webhook': [`https://discord${'.com'}/api/webhooks/123456789012345678/§`, (m) => m.of(68, URL_SAFE)],
};

/** Blocks of several lines; each of the lines is a secret. */
const BLOCKS: Readonly<Record<string, Make>> = {
  'rsa key': (m) => m.pem(`RSA ${'PRIVATE'} KEY`),
  'ec key': (m) => m.pem(`EC ${'PRIVATE'} KEY`, 120),
  'pkcs8 key': (m) => m.pem(`${'PRIVATE'} KEY`),
  'openssh key': (m) => m.pem(`OPENSSH ${'PRIVATE'} KEY`),
  'pgp key': (m) => m.pem(`PGP ${'PRIVATE'} KEY BLOCK`),
};

/** One planted secret: how it is written down, and the pieces of which none may survive. */
export interface Planted {
  readonly kind: string;
  readonly text: string;
  readonly pieces: readonly string[];
}

/** Every kind once, another value for each seed. */
export function plantedSecrets(seed: string): readonly Planted[] {
  const maker = (kind: string): Maker => new Maker(`${seed}/${kind}`);
  return [
    ...Object.entries(SHAPED).map(([kind, make]): Planted => {
      const value = make(maker(kind));
      return { kind, text: value, pieces: [value] };
    }),
    ...Object.entries(ASSIGNED).map(([kind, [line, make]]): Planted => {
      const value = make(maker(kind));
      return { kind, text: line.replace('§', () => value), pieces: [value] };
    }),
    ...Object.entries(BLOCKS).map(([kind, make]): Planted => {
      const text = make(maker(kind));
      return { kind, text, pieces: text.split('\n').slice(1, -2) };
    }),
  ];
}

/** The ways in which a text is written down on its way through tools. */
export const DRESSES: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'with time stamps': (text) => text.replace(/^/gm, '2026-01-02T03:04:05.1234567Z '),
  indented: (text) => text.replace(/^/gm, '      | '),
  'in JSON': (text) => JSON.stringify({ log: `first\n${text}\nlast` }),
  'in JSON in JSON': (text) => JSON.stringify(JSON.stringify({ log: `first ${text} last` })),
  'with colours': (text) => text.replace(/.{7}/g, '$&\u001b[0m'),
  'with zero-width characters': (text) => text.replace(/.{5}/g, '$&\u200b'),
  'in a diff': (text) => text.replace(/^/gm, '+'),
  'percent-encoded': (text) => `q=${encodeURIComponent(text)}&x=1`,
  'in base64': (text) => `payload ${Buffer.from(`{"value": "${text}"}`).toString('base64')} end`,
  'in wrapped base64': (text) =>
    Buffer.from(`apiVersion: v1\nvalue: ${text}\nmore: ${'words '.repeat(12)}`)
      .toString('base64')
      .replace(/.{76}/g, '$&\n'),
  'in hexadecimal': (text) => `0x ${Buffer.from(`value: ${text}`).toString('hex')}`,
};

/** Which of the secrets stand in the bytes, as they are or as JSON, a URL, base64 or hexadecimal would write them. */
export function survivors(bytes: Buffer | string, planted: readonly Planted[]): readonly string[] {
  const all = Buffer.isBuffer(bytes) ? bytes.toString('latin1') : bytes;
  return planted.flatMap(({ kind, pieces }) =>
    pieces.some((piece) => formsOf(piece).some((form) => all.includes(form))) ? [kind] : [],
  );
}

function formsOf(piece: string): readonly string[] {
  const encoded = [0, 1, 2].map((shift) => {
    const text = Buffer.from('\0'.repeat(shift) + piece)
      .toString('base64')
      .replace(/=+$/, '');
    return text.slice(shift === 0 ? 0 : shift + 1, -2);
  });
  return [
    piece,
    encodeURIComponent(piece),
    JSON.stringify(piece).slice(1, -1),
    Buffer.from(piece).toString('hex'),
    ...encoded,
  ];
}
