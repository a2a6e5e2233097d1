import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { REASONS } from '../../src/model/reason.ts';

it('explains every reason code in docs/reasons.md, in the same words, and no others', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/reasons.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| (.+) \|$/gm)].map(([, code, sentence]) => [code, sentence]);
  expect(rows).toEqual(Object.entries(REASONS));
});
