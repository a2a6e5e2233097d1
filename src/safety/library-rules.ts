import { creator as preset } from '@secretlint/secretlint-rule-preset-recommend';
import type { Span } from './span.ts';

/**
 * Rules of the preset that are not used. `filter-comments` lets a comment in the text switch the others off, which is
 * what an attacker would write. The two about addresses take the whole of it; ours takes the password only.
 */
const LEFT_OUT = /-(?:filter-comments|basicauth|database-connection-string)$/;

interface Rule {
  readonly meta: { readonly id: string };
  create(context: object, options: object): { file?(source: object): unknown };
}

const rules: Rule[] = [];
preset.create(
  { registerRule: (rule: unknown) => rules.push(rule as Rule) } as unknown as Parameters<typeof preset.create>[0],
  {} as Parameters<typeof preset.create>[1],
);

/**
 * What secretlint's recommended rules find in a text. The rules are driven directly: its core is asynchronous and obeys
 * the comments named above, while the rules themselves are plain synchronous scans (about 7 ms a megabyte).
 */
export function libraryFindings(text: string): readonly Span[] {
  const findings: Span[] = [];
  for (const rule of rules) {
    if (LEFT_OUT.test(rule.meta.id)) continue;
    const type = `${rule.meta.id.replace(/^.*secretlint-rule-/, '')}-secret`;
    const context = {
      sharedOptions: {},
      createTranslator: () => (messageId: string, data: unknown) => ({ message: messageId, messageId, data }),
      ignore: () => {},
      report: ({ range }: { range: readonly [number, number] }) =>
        findings.push({ type, start: range[0], end: range[1] }),
    };
    const source = { content: text, filePath: 'text.txt', ext: '.txt', contentType: 'text' };
    rule.create(context, {}).file?.(source);
  }
  return findings;
}

/** How many rules of the library are in use; a test watches that an upgrade does not silently empty the list. */
export const LIBRARY_RULES = rules.filter((rule) => !LEFT_OUT.test(rule.meta.id)).length;
