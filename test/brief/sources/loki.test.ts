import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestLines } from '../../../src/brief/sources/loki/digest.ts';
import { DEFAULT_LOKI_QUERIES, type LokiConfig, loki } from '../../../src/brief/sources/loki/index.ts';
import { createHttpClient } from '../../../src/lib/http.ts';
import { aRemediation } from '../../support/builders.ts';
import { nastyText } from '../support/nasty.ts';
import { anAlert, anAlertRemediation, findingOf, lokiAnswer, useStandIn } from '../support/systems.ts';

const standIn = useStandIn();
const http = createHttpClient({ userAgent: 'healer/test' });
const source = (changes: Partial<LokiConfig> = {}) =>
  loki(http, { url: standIn().url, queries: DEFAULT_LOKI_QUERIES, ...changes });

describe('the source loki', () => {
  beforeEach(() => {
    standIn().asked.length = 0;
    standIn().answers = ({ query }) => lokiAnswer(query, ['error: a', 'error: b']);
  });

  it('asks for the errors of the failing service around the failure', async () => {
    const finding = await findingOf(source(), anAlertRemediation());
    const [app, serviceName] = standIn().asked;
    expect(app?.path).toBe('/loki/api/v1/query_range');
    expect(app?.query.get('query')).toBe('{app="shop"} |~ "(?i)(error|fatal|panic|exception|out of memory)"');
    expect(serviceName?.query.get('query')).toMatch(/^\{service_name="shop"\}/);
    const at = BigInt(Date.parse('2026-11-20T11:50:00Z')) * 1_000_000n;
    expect(BigInt(app?.query.get('start') ?? 0)).toBe(at - 15n * 60_000_000_000n);
    expect(BigInt(app?.query.get('end') ?? 0)).toBeLessThanOrEqual(at + 5n * 60_000_000_000n);
    expect(BigInt(app?.query.get('end') ?? 0)).toBeGreaterThanOrEqual(at);
    expect(finding).toMatchObject({
      status: 'found',
      summary: expect.stringMatching(/^4 lines of errors of shop from 2026-11-20T11:35:00.000Z to .*, of 2 kinds\.$/),
      // Both queries found the same lines.
      body: '2026-11-20T11:35:00.000Z [prod/shop-6d5f7c9b8-abcde/app] error: a\n2026-11-20T11:35:01.000Z [prod/shop-6d5f7c9b8-abcde/app] error: b',
    });
  });

  it('puts lines together that differ in ids, numbers and times', async () => {
    standIn().answers = ({ query }) =>
      lokiAnswer(query, ['error 17 in 9f86d081884c7d65', 'fatal: out of disk', 'error 18 in 0f86d081884c7d65']);
    const { body } = await findingOf(source({ queries: ['{app="{service}"}'] }), anAlertRemediation());
    expect(body?.split('\n')).toEqual([
      expect.stringMatching(/error 17 in 9f86d081884c7d65 \(2 times, the last at 2026-11-20T11:35:02.000Z\)$/),
      expect.stringMatching(/fatal: out of disk$/),
    ]);
  });

  it('sends the tenant and the token to its own host', async () => {
    await findingOf(source({ token: 't0ken', headers: { 'x-scope-orgid': 'acme' } }), anAlertRemediation());
    expect(standIn().asked[0]?.headers).toMatchObject({ authorization: 'Bearer t0ken', 'x-scope-orgid': 'acme' });
  });

  it('says that nothing was logged', async () => {
    standIn().answers = ({ query }) => lokiAnswer(query, []);
    const finding = await findingOf(source(), anAlertRemediation());
    expect(finding).toMatchObject({ status: 'empty', summary: expect.stringMatching(/^shop logged no errors from /) });
  });

  it('is not asked when what the query needs is not known', async () => {
    const queries = ['{namespace="{namespace}"} |= "error"'];
    const release = aRemediation({ failureType: 'release' });
    const finding = await findingOf(source({ queries }), release);
    expect(finding).toMatchObject({ status: 'empty', summary: 'Loki was not asked: no namespace is known.' });
    expect(standIn().asked).toEqual([]);
  });

  it('is not asked about a lint finding', async () => {
    const finding = await findingOf(source(), aRemediation({ failureType: 'rust_clippy', workflowName: 'ci' }));
    expect(finding.status).toBe('not_relevant');
    expect(standIn().asked).toEqual([]);
  });

  it('says that it is not configured', async () => {
    const finding = await findingOf(loki(http, null), anAlertRemediation());
    expect(finding).toMatchObject({ status: 'not_configured', summary: 'LOKI_URL is not set.' });
  });

  it('uses what one query found when another is refused', async () => {
    const queries = ['{app="{service}"}', '{app="{service}"} |~'];
    const finding = await findingOf(source({ queries }), anAlertRemediation());
    expect(finding).toMatchObject({
      status: 'found',
      summary: expect.stringContaining('Not every query could be asked'),
    });
  });

  it('sends nothing that the grammar of LogQL refuses, whatever the labels are (property)', async () => {
    const property = fc.asyncProperty(nastyText, async (app) => {
      const finding = await findingOf(source(), anAlertRemediation([anAlert({ labels: { app } })]));
      expect(finding.status).toBe('found');
    });
    await fc.assert(property, { numRuns: 100 });
  });
});

describe('lines of a log', () => {
  const line = (order: string, text: string) => ({ stream: {}, at: Number(order.slice(0, -6)), order, text });

  it('are counted once, in the order of their nanoseconds', () => {
    const kinds = digestLines([
      line('1700000000000000002', 'b'),
      line('1700000000000000001', 'a'),
      line('1700000000000000002', 'b'),
    ]);
    expect(kinds.map(({ first, count }) => [first.text, count])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
  });
});
