import { describe } from 'vitest';
import { storeContract } from '../contract/store.contract.ts';

describe('the store in memory', () => {
  storeContract(async () => ({ kind: 'memory' }));
});
