import { describe, expect, it } from 'vitest';
import type { SharedReads } from '../../../src/brief/source.ts';
import { githubLogs } from '../../../src/brief/sources/github-logs/index.ts';
import type { GitHub } from '../../../src/lib/github/client.ts';
import type { DownloadJobLog } from '../../../src/lib/github/job-log.ts';
import { aCheck, aRemediation } from '../../support/builders.ts';

const MEBIBYTE = 1024 * 1024;

/** Gatherings of one red job each, whose logs come only when they are let. */
function gatherings() {
  const rooms: number[] = [];
  const waiting: (() => void)[] = [];
  const download: DownloadJobLog = async ({ maxBytes }) => {
    rooms.push(maxBytes);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return { status: 'found', bytes: new Uint8Array(1), cutBytes: 0 };
  };
  const source = githubLogs({} as GitHub, download);
  const shared: SharedReads = {
    once: async <T>() => [{ ...aCheck('build'), jobId: 7 }] as T,
  };
  const ask = () =>
    source.ask({
      remediation: aRemediation(),
      now: 0,
      signal: new AbortController().signal,
      budget: source.budget,
      shared,
      words: '',
      learn: () => {},
    });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    rooms,
    begin: async (count: number) => {
      const begun = Array.from({ length: count }, ask);
      await turn();
      return begun;
    },
    end: (begun: readonly Promise<unknown>[]) => {
      for (const go of waiting.splice(0)) go();
      return Promise.all(begun);
    },
  };
}

describe('the logs of failed jobs', () => {
  it('share what all gatherings together may hold', async () => {
    const { begin, end, rooms } = gatherings();
    const begun = await begin(64);
    expect(rooms[0]).toBe(24 * MEBIBYTE);
    expect(rooms.at(-1)).toBe(12 * MEBIBYTE);
    expect(rooms).toEqual(rooms.toSorted((a, b) => b - a));
    await end(begun);
  });

  it('have all the room again when the others are done', async () => {
    const { begin, end, rooms } = gatherings();
    await end(await begin(64));
    await end(await begin(1));
    expect(rooms.at(-1)).toBe(24 * MEBIBYTE);
  });
});
