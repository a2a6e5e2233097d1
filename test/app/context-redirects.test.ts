import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contextHttp, contextSystems } from '../../src/app/context-systems.ts';
import { loadSettings } from '../../src/app/load-settings.ts';
import { createSources } from '../../src/brief/sources/index.ts';
import { anAlertRemediation, findingOf, lokiAnswer, useStandIn } from '../brief/support/systems.ts';
import { githubOf } from '../brief/support/world.ts';

/** Where the system has moved to: another host, as far as redirects are concerned. */
const elsewhere = useStandIn(({ query }) => lokiAnswer(query, ['error: found elsewhere']));
const seen: IncomingHttpHeaders[] = [];
const moved = createServer((request, response) => {
  seen.push(request.headers);
  response.statusCode = 307;
  response.setHeader('location', `${elsewhere().url}${request.url}`);
  response.end();
});
beforeAll(() => new Promise<void>((resolve) => moved.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => moved.close(resolve)));

function loki(env: Record<string, string>) {
  const { port } = moved.address() as AddressInfo;
  const settings = loadSettings(
    { LOKI_URL: `http://127.0.0.1:${port}`, LOKI_TOKEN: 't0ken', HEALER_LOKI_TENANT: 'acme', ...env },
    '/nonexistent',
  );
  const sources = createSources({
    github: githubOf('http://127.0.0.1:1'),
    http: contextHttp(settings),
    systems: contextSystems(settings),
  });
  const source = sources.find(({ name }) => name === 'loki');
  if (source === undefined) throw new Error('loki is registered');
  return findingOf(source, anAlertRemediation());
}

it('a system that redirects to another host is not followed, unless that host is listed; no token goes there', async () => {
  expect(await loki({})).toMatchObject({ status: 'failed', summary: expect.stringContaining('not a listed host') });
  expect(elsewhere().asked).toEqual([]);
  const listed = await loki({ HEALER_CONTEXT_REDIRECT_HOSTS: new URL(elsewhere().url).host });
  expect(listed).toMatchObject({ status: 'found', body: expect.stringContaining('found elsewhere') });
  expect(seen.every(({ authorization }) => authorization === 'Bearer t0ken')).toBe(true);
  for (const { headers } of elsewhere().asked) expect(headers.authorization).toBeUndefined();
});

it.each(['https://host.example', 'host.example/path', 'a b'])('%s is no host that can be listed', (host) => {
  const load = () => loadSettings({ HEALER_CONTEXT_REDIRECT_HOSTS: host }, '/nonexistent');
  expect(load).toThrow(/contextRedirectHosts.*is not a host or host:port/s);
});
