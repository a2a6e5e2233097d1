import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextHttp } from '../../src/app/context-systems.ts';
import { diagnoseContext } from '../../src/app/diagnose-context.ts';
import { loadSettings } from '../../src/app/load-settings.ts';
import { DEFAULT_LOKI_QUERIES, type LokiConfig, loki } from '../../src/brief/sources/loki/index.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { nastyText } from '../brief/support/nasty.ts';
import { anAlert, anAlertRemediation, findingOf } from '../brief/support/systems.ts';
import { type Loki, startLoki, TENANT } from './support/loki.ts';

const http = createHttpClient({ userAgent: 'healer/test' });
let server: Loki;
beforeAll(async () => {
  server = await startLoki();
});
afterAll(() => server?.stop());

const source = (changes: Partial<LokiConfig> = {}) =>
  loki(http, {
    url: server.url,
    queries: DEFAULT_LOKI_QUERIES,
    headers: { 'x-scope-orgid': TENANT },
    ...changes,
  });
/** Alerts that fire since now, about what was pushed. */
const alertOf = (labels: Readonly<Record<string, string>>, startsAt: number) =>
  anAlertRemediation([anAlert({ labels, startsAt })]);

describe('a real Loki', () => {
  it('answers the default queries with the lines of errors around the failure, alike ones together', async () => {
    const at = Date.now() - 60_000;
    const labels = { app: 'till', namespace: 'prod', pod: 'till-6d5f7c9b8-abcde', container: 'app' };
    await server.push(labels, [
      { at: at - 16 * 60_000, text: 'error: long before' },
      { at: at - 3_000, text: 'level=info msg="all is well"' },
      { at: at - 2_000, text: 'ERROR 17: cannot connect to "db"\\' },
      { at: at - 1_000, text: 'ERROR 18: cannot connect to "db"\\' },
      { at, text: 'panic: out of reach' },
    ]);
    await server.push({ ...labels, app: 'other' }, [{ at, text: 'error: of somebody else' }]);
    const { status, summary, body } = await findingOf(source(), alertOf({ app: 'till' }, at));
    expect(status).toBe('found');
    // Loki derives `service_name` from `app`: the second query finds the same lines, which count once.
    expect(summary).toMatch(/lines of errors of till from .*, of 2 kinds\.$/);
    expect(body?.split('\n')).toEqual([
      expect.stringMatching(
        /\[prod\/till-6d5f7c9b8-abcde\/app\] ERROR 17: cannot connect to "db"\\ \(2 times, the last at /,
      ),
      expect.stringMatching(/panic: out of reach$/),
    ]);
  });

  it('says that nothing was logged', async () => {
    const finding = await findingOf(source(), alertOf({ app: 'silent' }, Date.now()));
    expect(finding).toMatchObject({
      status: 'empty',
      summary: expect.stringMatching(/^silent logged no errors from /),
    });
  });

  it('refuses a query that is none, and whoever names no tenant, in words that reach the brief', async () => {
    const about = alertOf({ app: 'till' }, Date.now());
    const wrong = await findingOf(source({ queries: ['{app="{service}"} |~ "("'] }), about);
    expect(wrong).toMatchObject({ status: 'failed', summary: expect.stringContaining('answered 400') });
    const nobody = await findingOf(source({ headers: {} }), about);
    expect(nobody).toMatchObject({ status: 'failed', summary: expect.stringContaining('answered 401') });
  });

  it('parses every query that Healer sends, and finds the very stream, whatever its label (property)', async () => {
    let round = 0;
    const property = fc.asyncProperty(nastyText, async (app) => {
      // Without a value there is nothing to ask for.
      fc.pre(app !== '');
      const queries = ['{app="{service}"} |= "error"', '{app=~"{service}"} |~ "error"'];
      const ask = (at: number) => findingOf(source({ queries }), alertOf({ app }, at));
      const at = Date.now() - 1_000;
      // What Loki's own parser of labels refuses is no stream that it could have; the queries about it are queries all the same.
      if (app.trim() === '' || !app.isWellFormed() || app.includes('\ufffd')) {
        expect((await ask(at)).status).toBe('empty');
        return;
      }
      round += 1;
      await server.push({ app, run: String(round) }, [{ at, text: `error in round ${round} of it` }]);
      const finding = await ask(at);
      expect(finding.summary).not.toContain('could be asked');
      expect(finding).toMatchObject({ status: 'found', body: expect.stringContaining('error in round') });
    });
    await fc.assert(property, { numRuns: 40 });
  });

  it('is found well by the doctor, with every query understood', async () => {
    const env = { LOKI_URL: server.url, HEALER_LOKI_TENANT: TENANT };
    const settings = loadSettings(env, '/nonexistent');
    const findings = await diagnoseContext(settings, contextHttp(settings), Date.now());
    expect(findings.find(({ name }) => name === 'context loki')).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('all 2 queries are understood'),
    });
  });
});
