import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { codeRunPage } from '../../scripts/coderun-doc.ts';

it('docs/coderun.md is what the definition says: npm run generate writes it', () => {
  expect(readFileSync(resolve(import.meta.dirname, '../../docs/coderun.md'), 'utf8')).toBe(codeRunPage());
});

it('every field of the spec says what it is for', () => {
  const rows =
    codeRunPage()
      .split('## status')[0]
      ?.split('\n')
      .filter((line) => line.startsWith('| `')) ?? [];
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter((row) => row.endsWith('|  |'))).toEqual([]);
});
