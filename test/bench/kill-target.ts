/**
 * What is killed in the test of SIGKILL: the doors, the decisions and the store of the service, nothing else, so that
 * fifty of them start within seconds. Loads everything first and opens the store when it is told to, because the one
 * before it holds the folder until it is dead.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import type { AddressInfo } from 'node:net';

enableCompileCache(new URL('../../node_modules/.cache/healer-tests', import.meta.url).pathname);
const [{ fastify }, { createAcceptor }, { createCore }, { newId }, { loadSettings }, rooms] = await Promise.all([
  import('fastify'),
  import('../../src/app/accept.ts'),
  import('../../src/app/core.ts'),
  import('../../src/app/ids.ts'),
  import('../../src/app/load-settings.ts'),
  Promise.all([
    import('../../src/intake/routes.ts'),
    import('../../src/store/open.ts'),
    import('../../src/decide/route/rules.ts'),
    import('../../src/app/inbox.ts'),
    import('../../src/store/inbox.ts'),
  ]),
]);
const [{ intakeRoutes }, { openStore }, { parseRules }, { putInto, readInbox }, { openInbox }] = rooms;
flushCompileCache();

const [dir] = await once(process.stdin, 'data');
const store = await openStore({ kind: 'sqlite', dir: String(dir).trim() });
const settings = loadSettings({ HEALER_LIMITS_SETTLE_SECONDS: '3600' }, '/');
// One file of rules is enough to decide by; reading all of them is most of a start.
const name = '99-general.yaml';
const rules = parseRules([
  { name, text: readFileSync(new URL(`../../routing-rules/${name}`, import.meta.url), 'utf8') },
]);
const core = createCore({ store, settings, rules: () => rules, agents: [], clock: Date.now, newId });
const acceptor = createAcceptor({
  store,
  machine: core.machine,
  decide: core.decide,
  interpret: core.interpret,
  clock: Date.now,
  wake: () => {},
  onDecided: () => {},
  onError: (message, fields) => console.error(message, fields),
});
const inbox = await openInbox({
  dir: String(dir).trim(),
  maxBytes: 1024 ** 3,
  onError: (message, fields) => console.error(message, fields),
});
const app = fastify();
await app.register(intakeRoutes, {
  credentials: { webhookSecrets: [], apiTokens: [], readTokens: [] },
  clock: Date.now,
  newId,
  accept: acceptor.accept,
  inbox: { put: putInto(inbox, console.error), forGitHub: false },
});
app.get('/metrics', async () => `healer_inbox_bytes ${inbox.waiting().bytes}\n`);
const { accept } = acceptor;
readInbox({ inbox, accept, interpret: core.interpret, isStored: async () => true, onError: console.error });
await app.listen({ host: '127.0.0.1', port: 0 });
await acceptor.decideLeftovers();
console.log(
  JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` }),
);
