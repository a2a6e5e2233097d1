import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PROMPT_BYTES, type PromptInput, renderPrompt } from '../../../src/brief/prompt/render.ts';
import { aCheck, anAttempt, aRemediation, aReport } from '../../support/builders.ts';
import { classified, finding, promptInput, retryInput, templates } from '../support/prompts.ts';

/** The least that `promptBudget` may be set to. */
const LEAST = 40_000;
const SOURCES = ['annotations', 'changed-files', 'pull-request', 'loki', 'kubernetes'];

const text = (word: string, length: number): string =>
  `${word} line\n`.repeat(Math.ceil(length / (word.length + 6))).slice(0, length);

interface Sizes {
  readonly log: number;
  readonly bodies: readonly number[];
  readonly summaries: readonly number[];
  readonly checks: number;
  readonly guidance: number;
  readonly word: string;
}

const sizes: fc.Arbitrary<Sizes> = fc.record({
  log: fc.nat(3_000),
  bodies: fc.array(fc.nat(30_000), { maxLength: SOURCES.length }),
  summaries: fc.array(fc.nat(8_000), { maxLength: 6 }),
  checks: fc.nat(300),
  guidance: fc.nat(12_000),
  word: fc.constantFrom('plain', 'größer', '错误', '🧨'),
});

function input({ log, bodies, summaries, checks, guidance, word }: Sizes): PromptInput {
  const attempts = summaries.map((length, index) =>
    anAttempt({
      number: index + 1,
      ordinal: index + 1,
      endedAt: 1,
      outcome: 'ci_still_failing',
      report: aReport({ summary: text(word, length) }),
      stillRed: ['build'],
    }),
  );
  return promptInput({
    classification: classified(
      'rust_test',
      Array.from({ length: log }, (_, i) => `${word} ${i}`),
    ),
    findings: bodies.map((length, index) => finding(SOURCES[index] ?? 'loki', text(word, length))),
    failedChecks: Array.from({ length: checks }, (_, i) => aCheck(`check ${i}`)),
    remediation: aRemediation({
      attempts,
      guidance: guidance === 0 ? null : { text: text(word, guidance), mode: 'append', by: 'ada' },
    }),
    attemptNumber: attempts.length + 1,
    maxAttempts: 7,
  });
}

/** Reports, deciding lines and the log stay longest; what is known around the failure goes first, the last source first. */
const place = (cut: string): number => {
  const source = SOURCES.findIndex((name) => cut.startsWith(`${name}:`));
  if (source !== -1) return SOURCES.length - source;
  return (
    ['changes of the last', 'what attempt', 'excerpt of', 'report', 'deciding'].findIndex((name) =>
      cut.startsWith(name),
    ) + 10
  );
};

describe('a prompt within its budget', () => {
  it('is never longer, in characters or in bytes, and names what was cut in the order of cutting', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: LEAST, max: 200_000 }), (given, budgetChars) => {
        const { text: page, cuts } = renderPrompt(templates, { ...input(given), budgetChars });
        expect(page.length).toBeLessThanOrEqual(budgetChars);
        expect(Buffer.byteLength(page)).toBeLessThanOrEqual(MAX_PROMPT_BYTES);
        for (const cut of cuts) expect(page).toContain(`- ${cut}`);
        const order = cuts.map(place);
        expect(order).toEqual(order.toSorted((a, b) => a - b));
        if (cuts.length === 0) expect(page).not.toContain('This page was shortened');
      }),
      { numRuns: 60 },
    );
  });

  it('keeps what is never cut: failure, checks, target branch, limits', () => {
    fc.assert(
      fc.property(sizes, (given) => {
        const { text: page } = renderPrompt(templates, { ...input(given), budgetChars: LEAST });
        for (const part of [
          '## What broke',
          '## What must become green',
          'HEAD:refs/heads/feature',
          'Never push by force',
        ])
          expect(page).toContain(part);
      }),
      { numRuns: 20 },
    );
  });

  it('fits into a ConfigMap with the other files, however many bytes its characters take', () => {
    const wide = Array.from({ length: 20_000 }, (_, i) => `错误🧨错误🧨错误🧨 ${i}`);
    const findings = SOURCES.map((name) => finding(name, '错误🧨\n'.repeat(30_000)));
    const huge = promptInput({ classification: classified('rust_test', wide), findings, budgetChars: 10_000_000 });
    const { text: page, cuts } = renderPrompt(templates, huge);
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(MAX_PROMPT_BYTES);
    expect(Buffer.byteLength(page)).toBeGreaterThan(MAX_PROMPT_BYTES * 0.7);
    expect(cuts.length).toBeGreaterThan(0);
  });

  it('counts the checks that it does not name', () => {
    const failedChecks = Array.from({ length: 260 }, (_, i) => aCheck(`matrix (${i})`));
    const { text: page } = renderPrompt(templates, promptInput({ failedChecks }));
    expect(page).toContain('- And 236 more red checks.');
    expect(page).toContain('- and every other check that was red: 236 more.');
  });
});

describe('a brief after a run that got lost', () => {
  const lost = (ordinal: number) =>
    anAttempt({ ordinal, number: 1, endedAt: 1, outcome: 'infrastructure', detail: 'The image could not be pulled.' });

  it('tells of it, so that no two briefs of a lineage are the same', () => {
    const pages = [0, 1, 2].map((count) => {
      const attempts = Array.from({ length: count }, (_, i) => lost(i + 1));
      return renderPrompt(templates, promptInput({ remediation: aRemediation({ attempts, spawned: count }) })).text;
    });
    expect(new Set(pages).size).toBe(3);
    expect(pages[1]).toContain('- Run 1, by rex: `The image could not be pulled.`');
  });

  it('does not count it among what was tried', () => {
    const { remediation } = retryInput();
    const attempts = [...remediation.attempts, lost(2)];
    const { text: page } = renderPrompt(templates, retryInput({ remediation: { ...remediation, attempts } }));
    expect(page.match(/^### Attempt /gm)).toHaveLength(1);
    expect(page).toContain('- Run 2, by rex');
  });
});

describe('what a failed step ran', () => {
  it('is told when its name says so; an action is no command', () => {
    const failedSteps = ['Run cargo test --locked', 'Run actions/setup-node@v4', 'Build the image'];
    const { text: page } = renderPrompt(templates, promptInput({ failedChecks: [aCheck('build', { failedSteps })] }));
    expect(page).toContain('- `cargo test --locked`');
    expect(page).not.toContain('- `actions/setup-node@v4`');
  });
});

describe('the excerpt', () => {
  const numbered = (lines: readonly string[], ranges: readonly (readonly [number, number])[]) => {
    const base = classified('rust_test', lines);
    const excerpt = { ...base.excerpt, text: lines.join('\n'), ranges };
    return renderPrompt(templates, promptInput({ classification: { ...base, excerpt } })).text;
  };

  it('has the number of each line in the log, over its gaps', () => {
    const page = numbered(
      ['… 6 lines cut …', 'first', 'second', '… 90 lines cut …', 'third', '… 3 lines cut …'],
      [
        [7, 8],
        [99, 99],
      ],
    );
    expect(page).toContain('… 6 lines cut …\n 7 | first\n 8 | second\n… 90 lines cut …\n99 | third\n… 3 lines cut …\n');
  });

  it('has none where they cannot be told', () => {
    expect(numbered(['first', 'second', 'third'], [[7, 8]])).toContain('\nfirst\nsecond\nthird\n');
  });
});
