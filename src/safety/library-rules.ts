import { creator as preset } from '@secretlint/secretlint-rule-preset-recommend';
import { anchorGroup, type Present } from './anchors.ts';
import type { Span } from './span.ts';

/**
 * Rules of the preset that are not used. `filter-comments` lets a comment in the text switch the others off, which is
 * what an attacker would write. The two about addresses take the whole of it; ours takes the password only.
 */
const LEFT_OUT = /-(?:filter-comments|basicauth|database-connection-string)$/;

/**
 * What stands in everything that a rule finds, by the rule's name (see `anchorGroup`). Rules that are not here always
 * run. Read from the rules' own patterns; a test holds it against texts that those match.
 */
const ANCHORS: Readonly<Record<string, string>> = {
  aws: 'sske ss_k',
  privatekey: 'te+k',
  npm: 'npm_',
  slack: 'xoxb xoxp xapp xoxa xoxo xoxr s.sl',
  sendgrid: 'sg.',
  shopify: 'shpp shpc shpa shps',
  github: 'ghp_ gho_ ghu_ ghs_ ghr_ b_pa',
  gitlab: 'glpa',
  grafana: 'glc_ glsa',
  openai: 't3bl',
  anthropic: 'sk-a',
  groq: 'gsk_',
  huggingface: 'hf_',
  linear: 'lin_',
  notion: 'ntn_',
  '1password': 'ops_',
  'hashicorp-vault': 'hvs. hvb. hvr.',
  vercel: 'vcp_ vci_ vca_ vcr_ vck_',
  databricks: 'dapi',
  docker: 'dckr',
  figma: 'figd',
};

interface Rule {
  readonly meta: { readonly id: string };
  create(context: object, options: object): { file?(source: object): unknown };
}

const rules: Rule[] = [];
preset.create(
  { registerRule: (rule: unknown) => rules.push(rule as Rule) } as unknown as Parameters<typeof preset.create>[0],
  {} as Parameters<typeof preset.create>[1],
);

interface UsedRule {
  readonly rule: Rule;
  readonly type: string;
  readonly anchors: number | null;
}

const used: readonly UsedRule[] = rules
  .filter(({ meta }) => !LEFT_OUT.test(meta.id))
  .map((rule) => {
    const name = rule.meta.id.replace(/^.*secretlint-rule-/, '');
    const anchors = ANCHORS[name];
    return { rule, type: `${name}-secret`, anchors: anchors === undefined ? null : anchorGroup(anchors) };
  });

/**
 * What secretlint's recommended rules find in a text. The rules are driven directly: its core is asynchronous and obeys
 * the comments named above, while the rules themselves are plain synchronous scans.
 * @param present which anchors stand in `text`; a rule runs only where one of its own does
 */
export function libraryFindings(text: string, present: Present): readonly Span[] {
  const findings: Span[] = [];
  for (const { rule, type, anchors } of used) {
    if (anchors !== null && !present(anchors)) continue;
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

/** The group of anchors of one rule of the library by its name; null when it always runs. */
export const libraryAnchors = (name: string): number | null =>
  used.find(({ type }) => type === `${name}-secret`)?.anchors ?? null;

/** How many rules of the library are in use; a test watches that an upgrade does not silently empty the list. */
export const LIBRARY_RULES = used.length;
