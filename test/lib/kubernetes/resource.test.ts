import { describe, expect, it } from 'vitest';
import type { KubernetesAnswer, KubernetesClient, KubernetesRequest } from '../../../src/lib/kubernetes/client.ts';
import type { KubernetesObject } from '../../../src/lib/kubernetes/objects.ts';
import { resource } from '../../../src/lib/kubernetes/resource.ts';

/** An API server with `count` objects of `bytes` bytes each, and the pages it was asked for. */
function listing(count: number, bytes: number) {
  const limits: number[] = [];
  const list = async ({ query }: KubernetesRequest, onItem: (item: object) => void): Promise<KubernetesAnswer> => {
    const { limit, continue: from = '0' } = query ?? {};
    limits.push(Number(limit));
    const next = Math.min(count, Number(from) + Number(limit));
    for (let index = Number(from); index < next; index += 1) onItem({ metadata: { name: `object-${index}` } });
    const metadata = { resourceVersion: '7', ...(next < count ? { continue: String(next) } : {}) };
    return { status: 200, body: { metadata }, bytes: (next - Number(from)) * bytes };
  };
  const jobs = resource({ list } as unknown as KubernetesClient, { apiVersion: 'batch/v1', plural: 'jobs' }, 'ns');
  return { limits, jobs };
}

async function names(given: ReturnType<typeof listing>): Promise<readonly string[]> {
  const found: string[] = [];
  await given.jobs.list(({ metadata }) => found.push(metadata.name));
  return found;
}

describe('a list', () => {
  it.each([
    ['small objects', 1_000, 1000],
    ['objects with prompts', 24_000, 174],
    ['the largest objects that there are', 1_400_000, 2],
  ])('of %s is read in pages that are no larger than they have to be', async (_what, bytes, limit) => {
    const given = listing(1_500, bytes);
    expect(await names(given)).toEqual(Array.from({ length: 1_500 }, (_, index) => `object-${index}`));
    expect(given.limits[0]).toBe(100);
    expect(new Set(given.limits.slice(1))).toEqual(new Set([limit]));
  });

  it('of nothing is one page, and has a revision to go on from', async () => {
    const given = listing(0, 0);
    const found: string[] = [];
    const take = ({ metadata }: KubernetesObject): void => void found.push(metadata.name);
    expect(await given.jobs.source().list(take, new AbortController().signal)).toBe('7');
    expect(found).toEqual([]);
    expect(given.limits).toHaveLength(1);
  });
});
