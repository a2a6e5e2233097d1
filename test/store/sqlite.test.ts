import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { storeContract } from '../contract/store.contract.ts';

const dir = mkdtempSync(join(tmpdir(), 'healer-store-'));

describe('the store on disk', () => {
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  storeContract(async () => ({ kind: 'sqlite', dir }));
});
