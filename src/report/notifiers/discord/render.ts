import type { Notice, NoticeItem, NoticeTone } from '../../../model/notice.ts';
import { cut, fitEscaped, fitLines } from '../cut.ts';
import { headline, linksOf, SIGNS, toneOf } from '../words.ts';

/** Discord's limits, in characters: https://docs.discord.com/developers/resources/message#embed-object-embed-limits */
export const DISCORD_LIMITS = {
  content: 2_000,
  title: 256,
  description: 4_096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1_024,
  footer: 2_048,
  /** Of all titles, descriptions, field names, field values and footers of a message together. */
  total: 6_000,
} as const;

export interface DiscordMessage {
  readonly content: string;
  readonly embeds: readonly DiscordEmbed[];
  /** Nobody is ever notified by name. */
  readonly allowed_mentions: { readonly parse: readonly [] };
}

export interface DiscordEmbed {
  readonly title: string;
  readonly description: string;
  readonly color: number;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly inline: boolean }[];
  readonly footer: { readonly text: string };
  readonly timestamp: string;
}

const COLORS: Readonly<Record<NoticeTone, number>> = {
  good: 0x2da44e,
  bad: 0xcf222e,
  busy: 0x0969da,
  waiting: 0xbf8700,
  quiet: 0x6e7781,
};

/** Room that is left for what has no limit of its own, so that the sum stays below Discord's. */
const DESCRIPTION = 2_200;
const FIELD = 200;
const FIELDS = 8;
const LINKS = 900;
const LINE = 400;

/** Everything that could format, link or mention is taken literally: Discord drops a backslash before punctuation. */
export function discordText(text: string, max: number): string {
  return fitEscaped(text.replace(/\s+/g, ' ').trim(), max, (character) =>
    /[\\*_~`|>#+\-[\]()<:@!&]/.test(character) ? `\\${character}` : character,
  );
}

/** One notice as the body of a webhook message. */
export function renderDiscord(notice: Notice): DiscordMessage {
  const tone = toneOf(notice);
  const [first] = notice.items;
  const embed = notice.items.length === 1 && first !== undefined ? alone(first) : together(notice.items);
  return {
    content: `${SIGNS[tone]} **${discordText(headline(notice), 400)}**`,
    embeds: [
      {
        ...embed,
        color: COLORS[tone],
        footer: { text: cut(`Healer · ${notice.kind} · ${notice.id}`, 120) },
        timestamp: new Date(notice.updatedAt).toISOString(),
      },
    ],
    allowed_mentions: { parse: [] },
  };
}

type Body = Pick<DiscordEmbed, 'title' | 'description' | 'fields'>;

function alone(item: NoticeItem): Body {
  const lines = [discordText(item.status, 1_200), ...item.details.map((line) => `• ${discordText(line, LINE)}`)];
  const facts = item.facts.slice(0, FIELDS).map(({ label, text }) => ({
    name: discordText(label, 40) || '–',
    value: discordText(text, FIELD) || '–',
    inline: text.length <= 40,
  }));
  const links = linksOf(item).map(({ label, url }) => `[${discordText(label, 40)}](<${url}>)`);
  const shown = fitLinks(links);
  return {
    title: discordText(item.title, DISCORD_LIMITS.title) || '–',
    description: fitLines(lines, DESCRIPTION - 1, (count) => `_${count} more lines are not shown._`),
    fields: shown === '' ? facts : [...facts, { name: 'Look at', value: shown, inline: false }],
  };
}

function together(items: readonly NoticeItem[]): Body {
  const lines = items.map((item) => {
    const [link] = linksOf(item);
    const title = discordText(item.title, 120);
    const name = link === undefined ? `**${title}**` : `**${title}** ([${discordText(link.label, 40)}](<${link.url}>))`;
    return `${SIGNS[item.tone]} ${name}: ${discordText(item.status, 200)}`;
  });
  return {
    title: 'What it is about',
    description: fitLines(lines, DESCRIPTION - 1, (count) => `_${count} more are not shown._`),
    fields: [],
  };
}

/** Whole links only: half an address leads somewhere else. */
function fitLinks(links: readonly string[]): string {
  const kept: string[] = [];
  for (const link of links) {
    if ([...kept, link].join(' · ').length > LINKS) break;
    kept.push(link);
  }
  return kept.join(' · ');
}
