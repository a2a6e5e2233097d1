import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/open.ts';
import { appendTimeline } from '../../src/store/timeline.ts';
import { type Harness, startApi } from './api-client.ts';
import { addSeed, makeRemediation, NOW, openSeeded, ulid } from './seed.ts';

let store: Store;
let api: Harness;
let url: string;

beforeEach(async () => {
  store = await openSeeded();
  await addSeed(store, { remediation: makeRemediation() });
  api = await startApi(store);
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}/api/events`;
});
afterEach(async () => {
  await api.app.close();
  await store.close();
});

const write = (message: string) =>
  store.transaction((tx) => appendTimeline(tx, ulid(1), [{ at: NOW, phase: 'received', event: 'spoke', message }]));

/** Reads until the text is as wanted, and goes. */
async function read(path: string, headers: Record<string, string>, isEnough: (text: string) => boolean) {
  const abort = new AbortController();
  const answer = await fetch(`${url}${path}`, { headers, signal: abort.signal });
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (isEnough(text)) break;
  }
  abort.abort();
  return { answer, text };
}

describe('GET /api/events', () => {
  it('is an endless stream that is not kept and not held back', async () => {
    const { answer, text } = await read('', {}, (sofar) => sofar.includes('id: 0'));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-accel-buffering')).toBe('no');
    expect(text).toBe('retry: 2000\nid: 0\n\n');
  });

  it('goes on after Last-Event-ID, which goes before the query', async () => {
    for (const message of ['one', 'two', 'three']) await write(message);
    const byHeader = await read('?last_event_id=0', { 'last-event-id': '2' }, (text) => text.includes('three'));
    expect(byHeader.text).not.toContain('"two"');
    const byQuery = await read('?last_event_id=1&remediation=ci-16204417720', {}, (text) => text.includes('three'));
    expect(byQuery.text).toContain('"two"');
    expect(byQuery.text).not.toContain('"one"');
  });

  it.each([
    ['?last_event_id=x', 400],
    ['?remediation=none', 404],
    ['?other=1', 400],
  ])('refuses %s with %i as a problem document', async (query, status) => {
    const answer = await fetch(`${url}${query}`);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it('needs what reading needs', async () => {
    expect((await fetch(url, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
  });

  it('ends when the service stops, and does not hold it up', async () => {
    const answer = await fetch(url);
    const body = answer.text();
    await api.app.close();
    expect(await body).toContain('retry: 2000');
    api = await startApi(store);
  });
});
