import { readFileSync } from 'node:fs';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reason } from '../../src/model/reason.ts';
import { numberLines } from '../../src/report/pages/excerpt.ts';
import { escapeHtml, html } from '../../src/report/pages/html.ts';
import { stretches } from '../../src/report/pages/life.ts';
import { pageRoutes } from '../../src/report/pages.ts';
import type { Store } from '../../src/store/open.ts';
import { rememberOutcome } from '../../src/store/outcomes.ts';
import { setPaused } from '../../src/store/pauses.ts';
import { anOutcome } from '../brief/support/past.ts';
import { makeDeps } from './api-client.ts';
import { lentWith } from './lent.ts';
import {
  accepted,
  addDelivery,
  addSeed,
  MINUTE,
  makeAttempt,
  makeBrief,
  makeClassification,
  makeRemediation,
  NOW,
  openSeeded,
  ulid,
} from './seed.ts';

let store: Store;
let app: FastifyInstance;
let checks = [{ name: 'store', ok: true, detail: 'writable' }];
let authorize: ((authorization: string | undefined) => void) | null = null;

beforeEach(async () => {
  store = await openSeeded();
  checks = [{ name: 'store', ok: true, detail: 'writable' }];
  authorize = null;
  app = fastify();
  const deps = makeDeps(store, { commands: [], checks, answer: null, pausesChanged: 0 });
  await app.register(pageRoutes, {
    ...deps,
    ...lentWith(PAYLOAD),
    readiness: async () => checks,
    codeRunPhase: async () => 'Running',
    authorizeRead: async (request) => authorize?.(request.headers.authorization),
  });
  await app.ready();
});
afterEach(async () => {
  await app.close();
  await store.close();
});

async function get(url: string, headers: Record<string, string> = {}) {
  const answer = await app.inject({ url, headers });
  return { status: answer.statusCode, headers: answer.headers, text: answer.body };
}

/** What a person reads: the page without its markup. */
function words(page: string): string {
  return page
    .replace(/<head>.*<\/head>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

/** Tries to leave every place it may stand in. */
const PAYLOAD = `"><img src=x onerror=alert(1)>'<script>alert(2)</script>`;

async function addHostile(): Promise<void> {
  const check = {
    ...makeRemediation().failedChecks[0]!,
    name: PAYLOAD,
    url: 'javascript:alert(3)',
    failedSteps: [PAYLOAD],
  };
  const report = {
    status: 'fixed' as const,
    summary: PAYLOAD,
    commitSha: PAYLOAD,
    pullRequestUrl: 'javascript:alert(4)',
    usage: null,
  };
  await addSeed(store, {
    remediation: makeRemediation({
      phase: 'escalated',
      branch: PAYLOAD,
      repository: PAYLOAD,
      workflowName: PAYLOAD,
      url: 'javascript:alert(5)',
      headSha: PAYLOAD,
      rule: PAYLOAD,
      agent: PAYLOAD,
      failedChecks: [check],
      guidance: { text: PAYLOAD, mode: 'append', by: PAYLOAD },
      reason: reason('attempts_spent', PAYLOAD),
      attempts: [
        makeAttempt({ agent: PAYLOAD, detail: PAYLOAD, stillRed: [PAYLOAD], report, outcome: 'agent_failed' }),
      ],
    }),
    timeline: [{ at: NOW, phase: 'received', event: PAYLOAD, message: PAYLOAD }],
    briefs: [
      makeBrief({
        prompt: `</pre></details>${PAYLOAD}`,
        cuts: [PAYLOAD],
        findings: [
          {
            source: PAYLOAD,
            status: 'found',
            durationMs: 1,
            summary: PAYLOAD,
            body: null,
            url: PAYLOAD,
            truncated: false,
          },
        ],
        classification: makeClassification({
          reason: PAYLOAD,
          evidence: [{ line: 1, text: PAYLOAD, rule: PAYLOAD, weight: 1 }],
          excerpt: { text: PAYLOAD, ranges: [[1, 1]], lines: 1, totalLines: 1 },
        }),
      }),
    ],
  });
  const why = { ...accepted(ulid(1)), reason: reason('new_failure', PAYLOAD) };
  await addDelivery(store, { n: 1, event: PAYLOAD, externalId: PAYLOAD, disposition: why });
  await setPaused(store.db, PAYLOAD, true, PAYLOAD, NOW);
}

describe('the page of insights', () => {
  const figures = async () => words((await get('/insights')).text);

  it('says when nothing was merged that has a cost', async () => {
    expect(await figures()).toContain('Cost of a merged fix – – 0 nothing merged that GitHub told of');
  });

  it('says what a fix that people merged costs, and of how many', async () => {
    const outcome = anOutcome({ remediationId: ulid(1), costUsd: 3, startedAt: NOW - 2, endedAt: NOW - 1 });
    await store.transaction((tx) => rememberOutcome(tx, outcome));
    const merge = { repository: 'acme/shop', pull_request: 7, at: NOW - 1 };
    const merges = [1, 2].map((n) => ({ ...merge, remediation_id: ulid(n) }));
    await store.db.insertInto('merges').values(merges).execute();
    expect(await figures()).toContain('Cost of a merged fix $1.50 – 2 repairs that people merged');
  });
});

describe('every page', () => {
  const PAGES = [
    '/',
    '/deliveries',
    `/remediations/${ulid(1)}`,
    '/remediations',
    '/insights',
    '/rules',
    '/coderuns',
    '/coderuns/healer-task-1',
    `/deliveries/${ulid(8_999)}`,
    `/remediations?repo=${encodeURIComponent(PAYLOAD)}`,
  ];

  it.each([
    ...PAGES,
    `/remediations/${encodeURIComponent(PAYLOAD)}`,
    `/remediations?phase=${encodeURIComponent(PAYLOAD)}`,
    `/sign-in?next=${encodeURIComponent(PAYLOAD)}`,
    `/rules?q=${encodeURIComponent(PAYLOAD)}`,
  ])('shows what came from outside as text (%s)', async (url) => {
    await addHostile();
    const { text } = await get(url);
    expect(text).not.toMatch(/<img src=x|<script>|javascript:/);
    // Every tag is one of ours with quoted attributes; nothing broke out of an attribute.
    for (const [tag] of text.matchAll(/<[a-z][^>]*>/g)) {
      expect(tag.replace(/="[^"]*"/g, '')).not.toMatch(/ on[a-z]+=|alert\(/);
    }
  });

  it.each(PAGES)('needs nothing inline and nothing from elsewhere (%s)', async (url) => {
    await addHostile();
    const { text, headers } = await get(url);
    expect(text).not.toMatch(/ style="|<style|<script(?! src="\/assets\/)/);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['cache-control']).toBe('no-store');
    for (const [, source] of text.matchAll(/(?:src|href|action)="([^"]*)"/g)) {
      expect(source).toMatch(/^(\/(?!\/)|#content$|https:\/\/github\.com\/)/);
    }
  });

  it.each(PAGES.slice(0, 8))('has one heading of the first level, a language and labelled fields (%s)', async (url) => {
    await addSeed(store, { remediation: makeRemediation() });
    const { text, status } = await get(url);
    expect(status).toBe(200);
    expect(text.match(/<h1/g)).toHaveLength(1);
    expect(text).toContain('<html lang="en">');
    const fields = text.match(/<(input(?! type="hidden")|select|textarea)\b/g) ?? [];
    expect(text.match(/<label class="field/g) ?? []).toHaveLength(fields.length);
    // Every form that changes something carries the token that only our own pages know.
    for (const [form] of text.matchAll(/<form[^>]*method="post".*?<\/form>/gs)) {
      expect(form).toMatch(/<input type="hidden" name="form_token" value="[\w-]{43}">/);
    }
    const ids = [...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the overview', () => {
  it('says so when nothing has broken yet', async () => {
    const text = words((await get('/')).text);
    expect(text).toContain('Nothing is being repaired right now.');
    expect(text).toContain('Nothing has broken yet.');
    expect(text).not.toContain('Not ready');
  });

  it('shows what is under way by phase, the list, and the latest deliveries with reasons', async () => {
    await addSeed(store, { remediation: makeRemediation({ phase: 'verifying', attempts: [makeAttempt()] }) });
    await addDelivery(store, { n: 1, disposition: accepted(ulid(1)) });
    const { text } = await get('/');
    expect(text).toContain('<a href="/remediations?phase=verifying"><span class="count">1</span>');
    const read = words(text);
    expect(read).toContain('1 remediation is under way');
    expect(read).toContain('A clippy finding');
    expect(read).toContain('acme/shop feature/cart-totals · #482 · ci-16204417720');
    expect(read).toContain('The failure was not known, so a remediation was opened. new_failure');
    expect(read).toContain('5 min ago');
  });

  it('filters, keeps the choice in the form, and ignores fields left empty', async () => {
    await addSeed(store, { remediation: makeRemediation() });
    await addSeed(store, {
      remediation: makeRemediation({
        id: ulid(2),
        taskId: 'ci-2',
        repository: 'acme/api',
        failureType: 'docker_build',
      }),
    });
    const { text } = await get('/remediations?phase=&repo=acme%2Fapi&branch=&agent=&failure_type=docker_build');
    expect(words(text)).toContain('A failing image build');
    expect(words(text)).not.toContain('ci-16204417720');
    expect(text).toContain('value="acme/api"');
    expect(text).toContain('<option value="docker_build" selected>');
    expect(words((await get('/remediations?repo=acme/none')).text)).toContain('No remediation matches.');
  });

  it('goes on to older ones and back, with the filter kept', async () => {
    for (let n = 1; n <= 30; n += 1) {
      await addSeed(store, { remediation: makeRemediation({ id: ulid(n), taskId: `ci-${n}`, subjectKey: `k${n}` }) });
    }
    const first = await get('/remediations?repo=acme/shop');
    const older = /href="(\/remediations\?[^"]*cursor=[^"]*)"/.exec(first.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect(older).toContain('repo=acme%2Fshop');
    const second = await get(older);
    expect(words(second.text)).toContain('· ci-5 ');
    expect(words(second.text)).not.toContain('· ci-6 ');
    expect(words(second.text)).toContain('That is all.');
    expect(second.text).toContain('href="/remediations?repo=acme%2Fshop">← Newest');
  });

  it('says above everything else what keeps Healer from its work', async () => {
    checks = [{ name: 'github', ok: false, detail: 'No credentials: set GITHUB_TOKEN.' }];
    await setPaused(store.db, null, true, 'ada', NOW);
    await addDelivery(store, { n: 5, disposition: null });
    const read = words((await get('/')).text);
    expect(read).toContain('Not ready: github. No credentials: set GITHUB_TOKEN.');
    expect(read).toContain('Paused by ada');
    expect(read).toContain('A delivery has waited for 5 min');
  });

  it('answers a filter that cannot be with a page that says why', async () => {
    const { status, text, headers } = await get('/remediations?phase=broken');
    expect(status).toBe(400);
    expect(headers['content-type']).toContain('text/html');
    expect(words(text)).toContain('at phase');
  });
});

describe('the page of a remediation', () => {
  const url = `/remediations/${ulid(1)}`;

  it('shows life, attempts, evidence with line numbers, decision, prompt, timeline and links', async () => {
    const report = {
      status: 'fixed' as const,
      summary: 'Removed it.',
      commitSha: '2222222bbbb',
      pullRequestUrl: null,
      usage: null,
    };
    const first = makeAttempt({
      outcome: 'ci_still_failing',
      endedAt: NOW,
      stillRed: ['lint (stable)'],
      detail: 'Still red.',
    });
    await addSeed(store, {
      remediation: makeRemediation({
        phase: 'verifying',
        attempts: [first, makeAttempt({ number: 2, ordinal: 2, report })],
      }),
      timeline: [
        { at: NOW - 9 * MINUTE, phase: 'received', event: 'opened', message: 'It went red.' },
        { at: NOW - 8 * MINUTE, phase: 'gathering', event: 'settled', message: 'Gathering.' },
        { at: NOW - 5 * MINUTE, phase: 'verifying', event: 'coderun_ended', message: 'Pushed.' },
      ],
      briefs: [makeBrief()],
    });
    const { text } = await get(url);
    const read = words(text);
    expect(read).toContain('CI is red because of a clippy finding');
    expect(read).toContain('Rex pushed a commit; CI has not confirmed it yet.');
    expect(text).toMatch(/<td class="line">813<\/td><td> {2}--&gt; src\/cart\/totals.rs:41:27/);
    expect(text).toContain('<tr class="deciding"><td class="line">812</td>');
    expect(read).toContain('clippy reports findings in the failing step “cargo clippy”.');
    expect(read).toContain('Confidence 94 %');
    expect(read).toContain('Attempt 1 Rex still red');
    expect(read).toContain('Attempt 2 Rex pushed, not verified');
    expect(read).toContain('You are Rex.');
    expect(read).toContain('It went red. opened');
    expect(read).toContain('pull-request GitHub gave no answer within 5 s.');
    expect(text).toContain('href="https://github.com/acme/shop/pull/482"');
    expect(text).toContain('href="https://github.com/acme/shop/commit/2222222bbbb"');
    expect(read).toContain('healer remediations cancel ci-16204417720');
  });

  it('says running only when the engine does', async () => {
    await addSeed(store, { remediation: makeRemediation({ phase: 'working', attempts: [makeAttempt()] }) });
    expect(words((await get(url)).text)).toContain('Rex is running (attempt 1); nothing is verified yet.');
  });

  it('is found by task id and readable before anything is known', async () => {
    const unknown = {
      agent: null,
      failureType: null,
      confidence: null,
      rule: null,
      failedChecks: [],
      pullRequest: null,
    };
    await addSeed(store, { remediation: makeRemediation({ ...unknown, url: null, workflowName: null }) });
    const { status, text } = await get('/remediations/ci-16204417720');
    expect(status).toBe(200);
    expect(words(text)).toContain('Not decided yet.');
    expect(words(text)).toContain('No agent has been started.');
  });

  it('answers 404 as a page', async () => {
    const { status, text } = await get('/remediations/ci-9');
    expect(status).toBe(404);
    expect(words(text)).toContain('There is no remediation ci-9.');
  });
});

describe('the page of deliveries', () => {
  it('says what became of each and why, and finds one by the sender’s id', async () => {
    await addDelivery(store, { n: 1, externalId: 'guid-a', event: 'push', disposition: skipped('unknown_event') });
    await addDelivery(store, { n: 2, externalId: 'guid-b', disposition: null });
    const all = words((await get('/deliveries')).text);
    expect(all).toContain('Ignored push');
    expect(all).toContain('Will be retried workflow_job');
    const one = words((await get('/deliveries?id=guid-a')).text);
    expect(one).toContain('Healer has no use for this type of event. unknown_event');
    expect(one).not.toContain('guid-b');
    expect(words((await get('/deliveries?id=nope')).text)).toContain('No delivery to show.');
  });
});

function skipped(code: 'unknown_event') {
  return { status: 'ignored' as const, dedupStatus: 'skipped' as const, remediationId: null, reason: reason(code) };
}

describe('html', () => {
  it('escapes text, keeps markup, and prints nothing for nothing', () => {
    const inner = html`<b>${'<&>'}</b>`;
    expect(html`<a title="${`"'`}">${inner}${[1, ' ', inner]}${null}${undefined}${false}</a>`.text).toBe(
      '<a title="&quot;&#39;"><b>&lt;&amp;&gt;</b>1 <b>&lt;&amp;&gt;</b></a>',
    );
    expect(escapeHtml('\ud800')).toBe('\ufffd');
  });
});

describe('the numbers of an excerpt', () => {
  it('skip the notes about what was cut', () => {
    const excerpt = {
      text: '… 4 lines cut …\na\nb\n… 2 lines cut …\nc',
      ranges: [
        [5, 6],
        [9, 9],
      ] as const,
      lines: 5,
      totalLines: 9,
    };
    expect(numberLines(excerpt).map(({ number }) => number)).toEqual([null, 5, 6, null, 9]);
  });

  it('are left out when they would be wrong', () => {
    const excerpt = { text: 'a\nb', ranges: [[5, 9]] as const, lines: 2, totalLines: 9 };
    expect(numberLines(excerpt).map(({ number }) => number)).toEqual([null, null]);
  });
});

describe('the picture of a life', () => {
  it('joins entries of one phase and leaves the last open', () => {
    const entry = (at: number, phase: 'received' | 'gathering') => ({ at, phase, event: 'e', message: 'm' });
    const remediation = makeRemediation({ phase: 'working', phaseSince: 40 });
    expect(stretches(remediation, [entry(0, 'received'), entry(10, 'received'), entry(20, 'gathering')])).toEqual([
      { phase: 'received', at: 0, until: 20 },
      { phase: 'gathering', at: 20, until: 40 },
      { phase: 'working', at: 40, until: null },
    ]);
  });
});

describe('the colours', () => {
  const css = readFileSync(new URL('../../src/report/pages/assets/healer.css', import.meta.url), 'utf8');
  const SCHEMES = ['light', 'dark'] as const;
  const variables = (scheme: (typeof SCHEMES)[number]) =>
    new Map(
      [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)].map(([, name, light, dark]) => [
        name,
        (scheme === 'light' ? light : dark) ?? '',
      ]),
    );
  const PAIRS: readonly (readonly [string, readonly string[]])[] = [
    ['text', ['ground', 'card', 'raised']],
    ['muted', ['ground', 'card', 'raised', 'waiting-ground']],
    ['accent', ['ground', 'card', 'raised']],
    ...['good', 'bad', 'busy', 'waiting', 'quiet'].map((tone) => [tone, [`${tone}-ground`]] as const),
    ['text', ['waiting-ground']],
    ['on-accent', ['accent']],
    ...['good', 'bad', 'waiting'].map((tone) => [tone, ['card']] as const),
  ];

  it.each(SCHEMES)('of the %s scheme have the contrast that WCAG AA asks for', (scheme) => {
    const colours = variables(scheme);
    const weak = PAIRS.flatMap(([text, grounds]) =>
      grounds.map((ground) => ({ text, ground, ratio: contrast(colours.get(text) ?? '', colours.get(ground) ?? '') })),
    ).filter(({ ratio }) => !(ratio >= 4.5));
    expect(weak).toEqual([]);
  });
});

/** WCAG 2.2: contrast ratio of two sRGB colours. */
function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
