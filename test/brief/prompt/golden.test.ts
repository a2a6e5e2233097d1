import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderPrompt } from '../../../src/brief/prompt/render.ts';
import { GOLDEN_CASES } from '../support/golden.ts';
import { INJECTION_GOLDEN } from '../support/injections.ts';
import { templates } from '../support/prompts.ts';

/** Compared with the files in `golden/`; `vitest run test/brief/prompt -u` writes them anew. */
const GOLDEN = resolve(import.meta.dirname, '../golden');
const CASES = { ...GOLDEN_CASES, ...INJECTION_GOLDEN };

describe('the prompt', () => {
  it.each(Object.entries(CASES))('%s is as it was looked at', async (name, input) => {
    await expect(renderPrompt(templates, input).text).toMatchFileSnapshot(`${GOLDEN}/${name}.txt`);
  });

  it('has no golden file that nobody compares', () => {
    expect(readdirSync(GOLDEN).sort()).toEqual(
      Object.keys(CASES)
        .map((name) => `${name}.txt`)
        .sort(),
    );
  });
});
