import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openMemory } from '../../src/learn/memories/openmemory/index.ts';
import { storeMemory } from '../../src/learn/memories/store/index.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { openStore } from '../../src/store/open.ts';
import { startOpenMemory } from '../learn/support/openmemory.ts';
import { NOON } from '../support/clock.ts';
import { type MemoryCase, memoryContract } from './memories.ts';

const MEMORIES: readonly MemoryCase[] = [
  {
    name: 'store',
    async open() {
      const store = await openStore({ kind: 'memory' });
      return { memory: storeMemory(store), close: () => store.close() };
    },
  },
  {
    name: 'openmemory',
    async open() {
      const server = await startOpenMemory('k3y');
      const http = createHttpClient({ userAgent: 'healer/test' });
      const memory = openMemory(http, { url: server.url, token: 'k3y', userId: 'healer', clock: () => NOON });
      return { memory, close: server.close };
    },
  },
];

describe('the family of memories', () => {
  it('has exactly the folders', () => {
    const folder = resolve(import.meta.dirname, '../../src/learn/memories');
    const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(MEMORIES.map(({ name }) => name).toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
  });
});

for (const one of MEMORIES) memoryContract(one);
