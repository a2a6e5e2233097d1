import { describe, expect, it } from 'vitest';
import type { KubernetesAnswer, KubernetesClient, KubernetesRequest } from '../../../src/lib/kubernetes/client.ts';
import { resource } from '../../../src/lib/kubernetes/resource.ts';

/** An API server with `count` objects of `bytes` bytes each, and the pages it was asked for. */
function listing(count: number, bytes: number) {
  const limits: number[] = [];
  const request = async ({ query }: KubernetesRequest): Promise<KubernetesAnswer> => {
    const { limit, continue: from = '0' } = query ?? {};
    limits.push(Number(limit));
    const items = Array.from({ length: Math.min(Number(limit), count - Number(from)) }, (_, index) => ({
      metadata: { name: `object-${Number(from) + index}` },
    }));
    const next = Number(from) + items.length;
    const metadata = { resourceVersion: '7', ...(next < count ? { continue: String(next) } : {}) };
    return { status: 200, body: { metadata, items }, bytes: items.length * bytes };
  };
  const jobs = resource({ request } as unknown as KubernetesClient, { apiVersion: 'batch/v1', plural: 'jobs' }, 'ns');
  return { limits, jobs };
}

async function names(given: ReturnType<typeof listing>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { metadata } of given.jobs.list()) found.push(metadata.name);
  return found;
}

describe('a list', () => {
  it.each([
    ['small objects', 1_000, 1000],
    ['objects with prompts', 24_000, 87],
    ['the largest objects that there are', 1_400_000, 1],
  ])('of %s is read in pages that are no larger than they have to be', async (_what, bytes, limit) => {
    const given = listing(1_500, bytes);
    expect(await names(given)).toEqual(Array.from({ length: 1_500 }, (_, index) => `object-${index}`));
    expect(given.limits[0]).toBe(100);
    expect(new Set(given.limits.slice(1))).toEqual(new Set([limit]));
  });

  it('of nothing is one page', async () => {
    const given = listing(0, 0);
    const pages: number[] = [];
    for await (const { items, resourceVersion } of given.jobs.source().list(new AbortController().signal)) {
      pages.push(items.length);
      expect(resourceVersion).toBe('7');
    }
    expect(pages).toEqual([0]);
  });
});
