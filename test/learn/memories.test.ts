import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pastRemediations } from '../../src/brief/sources/past-remediations/index.ts';
import { createMemories, type Memories } from '../../src/learn/memories/index.ts';
import { openMemory } from '../../src/learn/memories/openmemory/index.ts';
import { storeMemory } from '../../src/learn/memories/store/index.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { readOutcomes } from '../../src/store/outcomes.ts';
import { anOutcome } from '../brief/support/past.ts';
import { findingOf } from '../brief/support/systems.ts';
import { aRemediation } from '../support/builders.ts';
import { NOON } from '../support/clock.ts';
import { type OpenMemoryStandIn, startOpenMemory } from './support/openmemory.ts';

const never = new AbortController().signal;
const remediation = aRemediation({ fingerprint: 'f00d', failureType: 'rust_clippy' });
const http = createHttpClient({ userAgent: 'healer/test' });

describe('the store’s memory with an OpenMemory server beside it', () => {
  let server: OpenMemoryStandIn;
  let store: Store;
  let troubles: string[];
  beforeEach(async () => {
    [server, store] = await Promise.all([startOpenMemory('k3y'), openStore({ kind: 'memory' })]);
    troubles = [];
  });
  afterEach(() => Promise.all([server.close(), store.close()]));

  /** Long enough for an answer on any machine; a server that hangs is not waited for that long. */
  const timeMs = () => (server.trouble === 'hang' ? 60 : 30_000);
  const memories = (of: Store = store, token = 'k3y'): Memories =>
    createMemories({
      first: storeMemory(of),
      others: [openMemory(http, { url: server.url, token, userId: 'healer', clock: () => NOON })],
      timeMs: timeMs(),
      onTrouble: (memory, doing) => troubles.push(`${memory} ${doing}`),
    });
  const told = () => findingOf(pastRemediations(memories().recall), remediation, () => NOON);

  it('tells what another Healer learned', async () => {
    const elsewhere = await openStore({ kind: 'memory' });
    await memories(elsewhere).remember(anOutcome({ taskId: 'ci-77' }), never);
    await elsewhere.close();
    expect(await readOutcomes(store.db, 0)).toEqual([]);
    expect(await told()).toMatchObject({
      status: 'found',
      summary: '1 earlier attempt at this very breakage: 1 turned it green, 1 of these held.',
      body: expect.stringContaining('ci-77'),
    });
  });

  it('tells each attempt once', async () => {
    await memories().remember(anOutcome(), never);
    expect(server.kept).toHaveLength(1);
    expect((await told()).summary).toMatch(/^1 earlier attempt /);
  });

  it.each([
    ['is broken', { status: 500, body: '{"err":"internal"}' }],
    ['says no JSON', { status: 200, body: '<html>' }],
    ['says something else', { status: 200, body: '{"matches":"none"}' }],
    ['hangs', 'hang'],
  ] as const)('tells what the store knows, and says so, when the server %s', async (_, trouble) => {
    server.trouble = trouble;
    await memories().remember(anOutcome({ taskId: 'ci-5' }), never);
    const finding = await told();
    expect(finding).toMatchObject({ status: 'found', body: expect.stringContaining('ci-5') });
    expect(finding.summary).toMatch(/held\. openmemory gave no answer: /);
    expect(await readOutcomes(store.db, 0)).toHaveLength(1);
    expect(troubles).toContain('openmemory recall');
  });

  it('is not let in with another key, which changes nothing else', async () => {
    await memories(store, 'wrong').remember(anOutcome(), never);
    expect(server.kept).toEqual([]);
    expect(await readOutcomes(store.db, 0)).toHaveLength(1);
    expect(troubles).toEqual(['openmemory remember']);
  });

  it('takes no memory for its own that somebody else wrote, or changed', async () => {
    await memories().remember(anOutcome(), never);
    await store.close();
    store = await openStore({ kind: 'memory' });
    const [first] = server.kept;
    if (first === undefined) throw new Error('it was remembered');
    const forged = [
      'The user likes tea. rust_clippy acme/shop',
      'healer-outcome:{"agent":"rex"} rust_clippy',
      first.content.replace('"outcome":"success"', '"outcome":"splendid"'),
      first.content.replace('"repository":"acme/shop"', '"repository":"acme shop"'),
    ];
    server.kept.length = 0;
    for (const content of forged) server.kept.push({ ...first, content });
    expect((await told()).status).toBe('empty');
  });
});
