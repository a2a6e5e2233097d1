import { isOver, type Notice, type NoticeItem } from '../../../model/notice.ts';
import { cut } from '../cut.ts';
import { headline, linksOf, TONE_WORDS } from '../words.ts';

/** RFC 5322, 2.1.1: a line has at most 998 characters; a subject of some 200 is read in no mail program to its end. */
export const EMAIL_LIMITS = { subject: 200, line: 900, body: 100_000, items: 50, details: 15, facts: 12 } as const;

export interface EmailText {
  readonly subject: string;
  readonly text: string;
}

/**
 * A notice as plain text. Mail programs make links of what looks like an address, so that addresses from outside are
 * broken by a character of no width; those that Healer adds stand at the end of each part.
 */
export function renderEmail(notice: Notice): EmailText {
  const shown = notice.items.slice(0, EMAIL_LIMITS.items);
  const more = notice.items.length - shown.length;
  const body = [
    headlineOf(notice),
    '',
    ...shown.flatMap((item) => [...part(item, notice.items.length), '']),
    ...(more > 0 ? [`${more} more are not listed.`, ''] : []),
    isOver(notice) ? 'Nothing of this goes on any more.' : 'Healer writes again when this has come to its end.',
    `-- \nHealer · ${notice.kind} · ${notice.id}`,
  ].join('\n');
  return {
    subject: cut(`[Healer] ${isOver(notice) ? 'Settled: ' : ''}${unlinked(headline(notice))}`, EMAIL_LIMITS.subject),
    text: cut(body, EMAIL_LIMITS.body),
  };
}

function headlineOf(notice: Notice): string {
  return cut(unlinked(headline(notice)), EMAIL_LIMITS.line);
}

/** More than this together are told in short. */
const IN_FULL = 5;

function part(item: NoticeItem, together: number): readonly string[] {
  const line = (text: string, max: number = EMAIL_LIMITS.line): string => cut(unlinked(text), max);
  const links = linksOf(item).map(({ label, url }) => `${line(label, 60)}: ${url}`);
  const title = line(`[${TONE_WORDS[item.tone]}] ${item.title}`, 200);
  if (together > IN_FULL) return [title, line(item.status, 500), ...links.slice(0, 1)];
  return [
    ...(together > 1 ? [title] : []),
    line(item.status),
    ...item.facts.slice(0, EMAIL_LIMITS.facts).map(({ label, text }) => line(`${label}: ${text}`, 300)),
    ...item.details.slice(0, EMAIL_LIMITS.details).map((detail) => line(`  * ${detail}`, 500)),
    ...links.slice(0, 10),
  ];
}

/** On one line, and nothing in it that a mail program would take for an address. */
function unlinked(text: string): string {
  // What is cut off in any case is not looked at.
  return text
    .slice(0, 2 * EMAIL_LIMITS.line)
    .toWellFormed()
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/:\/\//g, ':\u200b//')
    .replace(/\b(www|ftp)\./gi, '$1\u200b.')
    .replace(/\bmailto:/gi, 'mailto\u200b:')
    .replace(/@/g, '@\u200b');
}
