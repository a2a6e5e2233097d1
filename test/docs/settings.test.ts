import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { settingsPage } from '../../scripts/settings-doc.ts';
import { settingKeys } from '../../src/app/settings.ts';

it('docs/settings.md is what the schema says: npm run generate writes it', () => {
  expect(readFileSync(resolve(import.meta.dirname, '../../docs/settings.md'), 'utf8')).toBe(settingsPage());
});

it('every setting says what it does', () => {
  expect(settingKeys().filter(({ description }) => (description ?? '').length < 5)).toEqual([]);
});
