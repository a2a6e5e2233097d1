import type { Notice, NoticeItem } from '../../../model/notice.ts';
import { cut, fitEscaped } from '../cut.ts';
import { headline, linksOf, SIGNS, toneOf } from '../words.ts';

/**
 * Slack's limits, in characters: https://docs.slack.dev/reference/block-kit/blocks/ and
 * https://docs.slack.dev/reference/methods/chat.postMessage (text beyond 4,000 is advised against).
 */
export const SLACK_LIMITS = {
  text: 4_000,
  blocks: 50,
  header: 150,
  section: 3_000,
  fields: 10,
  field: 2_000,
  context: 10,
  /** Not documented: Slack refuses the blocks of a message (`msg_blocks_too_long`) from about 13,200 characters of JSON. */
  json: 12_000,
} as const;

interface Plain {
  readonly type: 'plain_text';
  readonly text: string;
  readonly emoji: false;
}

interface Marked {
  readonly type: 'mrkdwn';
  readonly text: string;
  readonly verbatim: true;
}

export type SlackBlock =
  | { readonly type: 'header'; readonly text: Plain }
  | { readonly type: 'section'; readonly text: Plain | Marked }
  | { readonly type: 'section'; readonly fields: readonly Plain[] }
  | { readonly type: 'context'; readonly elements: readonly Plain[] }
  | { readonly type: 'divider' };

export interface SlackMessage {
  /** What notifications and screen readers show. */
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

const MAX_ITEMS = 12;
const MAX_DETAILS = 12;
const MAX_FACTS = 8;

/** Slack's three control characters; without them `<!channel>`, `<@U1>` and links are plain words. */
export function slackText(text: string, max: number): string {
  const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
  return fitEscaped(text.replace(/\s+/g, ' ').trim(), max, (character) => escapes[character] ?? character);
}

/**
 * One notice as a message. Words from outside stand in `plain_text` alone, where Slack formats, links and mentions
 * nothing; `mrkdwn` holds nothing but links with labels of ours.
 */
export function renderSlack(notice: Notice): SlackMessage {
  const sign = SIGNS[toneOf(notice)];
  const line = `${sign} ${headline(notice)}`;
  const [first] = notice.items;
  const body = notice.items.length === 1 && first !== undefined ? alone(first) : together(notice.items);
  return {
    text: slackText(line, 1_000),
    blocks: fitBlocks([{ type: 'header', text: plain(line, SLACK_LIMITS.header) }, ...body], {
      type: 'context',
      elements: [plain(`Healer · ${notice.kind} · ${notice.id}`, 200)],
    }),
    unfurl_links: false,
    unfurl_media: false,
  };
}

function alone(item: NoticeItem): readonly SlackBlock[] {
  const facts = item.facts.slice(0, MAX_FACTS).map(({ label, text }) => plain(`${label}\n${text}`, 300));
  const details = item.details.slice(0, MAX_DETAILS).map((line) => `• ${cut(line, 400)}`);
  const more = item.details.length - details.length;
  return [
    section(item.status, 1_500),
    ...(facts.length === 0 ? [] : [{ type: 'section', fields: facts } as const]),
    ...(details.length === 0
      ? []
      : [section([...details, ...(more > 0 ? [`${more} more lines are not shown.`] : [])].join('\n'), 2_800)]),
    ...linkBlock([item]),
  ];
}

function together(items: readonly NoticeItem[]): readonly SlackBlock[] {
  const shown = items.slice(0, MAX_ITEMS);
  const more = items.length - shown.length;
  return [
    ...shown.map((item) => section(`${SIGNS[item.tone]} ${cut(item.title, 150)}\n${cut(item.status, 250)}`, 420)),
    ...(more > 0 ? [section(`${more} more are not shown.`, 100)] : []),
    ...linkBlock(shown.filter(({ isOpen }) => isOpen).slice(0, 5)),
  ];
}

function section(text: string, max: number): SlackBlock {
  return { type: 'section', text: plain(text, max) };
}

function plain(text: string, max: number): Plain {
  // Slack refuses empty texts.
  return { type: 'plain_text', text: cut(text, max) || '–', emoji: false };
}

function linkBlock(items: readonly NoticeItem[]): readonly SlackBlock[] {
  const links = items.flatMap((item) =>
    linksOf(item).map(({ label, url }) => `<${url.replaceAll('&', '&amp;')}|${slackText(label, 60)}>`),
  );
  const kept: string[] = [];
  for (const link of links) {
    if ([...kept, link].join('  ·  ').length > 2_000) break;
    kept.push(link);
  }
  if (kept.length === 0) return [];
  return [{ type: 'section', text: { type: 'mrkdwn', text: kept.join('  ·  '), verbatim: true } }];
}

/** As many blocks as Slack takes in one message, counted and measured; the last one always stays. */
function fitBlocks(blocks: readonly SlackBlock[], last: SlackBlock): readonly SlackBlock[] {
  const kept: SlackBlock[] = [];
  const note: SlackBlock = section('More was left out: Slack takes no longer message.', 100);
  for (const block of blocks) {
    const next = [...kept, block, note, last];
    if (next.length > SLACK_LIMITS.blocks || JSON.stringify(next).length > SLACK_LIMITS.json)
      return [...kept, note, last];
    kept.push(block);
  }
  return [...kept, last];
}
