import { isOver, type Notice, type NoticeItem, type NoticeKind, type NoticeTone } from '../../model/notice.ts';

/** One place for the words of all chats, so that they say the same. */
const KINDS: Readonly<Record<NoticeKind, { readonly one: string; readonly many: string }>> = {
  escalation: { one: 'Needs people', many: 'need people' },
  success: { one: 'Repaired after retries', many: 'repaired after retries' },
  incident: { one: 'Incident', many: 'incidents' },
  breaker: { one: 'Breaker', many: 'breakers' },
  pause: { one: 'Pause', many: 'pauses' },
  rights: { one: 'Rights', many: 'repositories without rights' },
};

export const SIGNS: Readonly<Record<NoticeTone, string>> = {
  good: '🟢',
  bad: '🔴',
  busy: '🔧',
  waiting: '⏸️',
  quiet: '⚪',
};

/** The same for media in which a picture may be lost. */
export const TONE_WORDS: Readonly<Record<NoticeTone, string>> = {
  good: 'resolved',
  bad: 'open',
  busy: 'in progress',
  waiting: 'held back',
  quiet: 'closed',
};

/** What a notice as a whole looks like: the worst that is still open, else the best. */
export function toneOf({ items }: Pick<Notice, 'items'>): NoticeTone {
  const order: readonly NoticeTone[] = ['bad', 'waiting', 'busy', 'quiet', 'good'];
  const open = items.filter(({ isOpen }) => isOpen);
  const tones = (open.length > 0 ? open : items).map(({ tone }) => tone);
  return order.find((tone) => tones.includes(tone)) ?? 'quiet';
}

/** The whole notice in one line of plain text. */
export function headline(notice: Notice): string {
  const [first] = notice.items;
  if (notice.items.length === 1 && first !== undefined) return `${KINDS[notice.kind].one}: ${first.title}`;
  const open = notice.items.filter(({ isOpen }) => isOpen).length;
  const rest = isOver(notice) ? 'all settled' : `${open} open`;
  const where = notice.repository === null ? '' : ` in ${notice.repository}`;
  return `${notice.items.length} ${KINDS[notice.kind].many}${where} (${rest})`;
}

/** An address that a reader may follow: http(s), normalised, of a sensible length; null otherwise. */
export function webAddress(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, href } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') return null;
  // What would end a link in one of the chats' markups.
  const safe = href.replace(
    /[<>|()[\]\\`*_~@]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return safe.length > 500 ? null : safe;
}

export function linksOf(item: NoticeItem): readonly { readonly label: string; readonly url: string }[] {
  return item.links.flatMap(({ label, url }) => {
    const safe = webAddress(url);
    return safe === null ? [] : [{ label, url: safe }];
  });
}
