import { isOver, type Notice, type NoticeItem, type NoticeKind, type Severity } from '../model/notice.ts';
import { isTerminal } from '../model/remediation.ts';
import { attemptsSpent } from '../remediate/lineage.ts';
import type { Step } from '../remediate/machine.ts';
import { incidentsOf } from '../store/incidents.ts';
import {
  closeSubject,
  findNoticeOf,
  findNoticeToJoin,
  insertNotice,
  openSubject,
  planMessages,
  saveNotice,
} from '../store/notices.ts';
import type { Store, Tx } from '../store/open.ts';
import * as text from './notify-text.ts';

/** Somebody who is told, as far as deciding about it goes. */
export interface Listener {
  readonly name: string;
  /** Changes what it said; one that cannot hears important changes only. */
  readonly edits: boolean;
  wants(notice: Pick<Notice, 'kind' | 'severity' | 'repository'>): boolean;
}

export interface NoticesOptions {
  readonly dialect: Store['dialect'];
  readonly listeners: readonly Listener[];
  readonly places: text.Places;
  readonly newId: () => string;
  /** How long what comes at almost the same time is waited for, milliseconds. */
  readonly groupMs: number;
}

/** Writes down what people are to be told, in the transaction of what happened. */
export interface Notices {
  stepTaken(tx: Tx, step: Step, now: number): Promise<void>;
  /** CI is green there, whoever saw to it. */
  healthy(tx: Tx, subjectKey: string, now: number): Promise<void>;
  /** Opens, changes or closes what is told about the item's key. Changing nothing writes nothing. */
  tell(tx: Tx, telling: Telling, now: number): Promise<void>;
  /** Changes what is told about a key; nothing when nothing is. */
  change(tx: Tx, key: string, changed: (item: NoticeItem) => NoticeItem, now: number, isNews?: boolean): Promise<void>;
}

export interface Telling {
  readonly kind: NoticeKind;
  readonly repository: string | null;
  readonly item: NoticeItem;
  /** Whoever cannot change what they said is told too. */
  readonly isNews: boolean;
}

/** What may wait for the morning, and what may not. */
const SEVERITY: Readonly<Record<NoticeKind, Severity>> = {
  success: 'info',
  escalation: 'warning',
  pause: 'warning',
  incident: 'critical',
  breaker: 'critical',
  rights: 'critical',
};

const HOUR = 3_600_000;
/** Rights are often lost in many repositories at once, but seen one by one. */
const RIGHTS_JOIN_MS = HOUR;
/** What was told so long ago is not brought up to date any more: nobody would see it. */
const STALE_MS = 24 * HOUR;

export function createNotices({ dialect, listeners, places, newId, groupMs }: NoticesOptions): Notices {
  /** What it may be joined by is waited for, and only that. */
  const waitMs = (kind: NoticeKind): number => (joinMs(kind) > 0 ? groupMs : 0);
  const joinMs = (kind: NoticeKind): number => {
    if (kind === 'rights') return Math.max(groupMs, RIGHTS_JOIN_MS);
    return kind === 'escalation' || kind === 'success' ? groupMs : 0;
  };

  const plan = async (tx: Tx, notice: Notice, isNews: boolean, now: number): Promise<void> => {
    const names = listeners.filter((one) => (one.edits || isNews) && one.wants(notice)).map(({ name }) => name);
    await planMessages(tx, notice.id, names, Math.max(now, notice.openedAt + waitMs(notice.kind)));
  };

  const replaceItem = async (tx: Tx, known: Notice, item: NoticeItem, isNews: boolean, now: number) => {
    const before = known.items.find(({ key }) => key === item.key);
    if (JSON.stringify(before) === JSON.stringify(item)) return;
    const items = known.items.map((one) => (one.key === item.key ? item : one));
    const notice = { ...known, items, sequence: known.sequence + 1, updatedAt: now };
    await saveNotice(tx, notice);
    if (!item.isOpen) await closeSubject(tx, item.key);
    // With several in it, its end is news; that of one of them is not.
    await plan(tx, notice, isNews && (item.isOpen || isOver(notice)), now);
  };

  const begin = async (tx: Tx, { kind, repository, item }: Telling, now: number): Promise<void> => {
    const place = { kind, repository };
    const joined = joinMs(kind) > 0 ? await findNoticeToJoin(tx, dialect, place, now) : null;
    const id = joined?.id ?? newId();
    if (item.isOpen && !(await openSubject(tx, item.key, id, now))) return;
    if (joined !== null) {
      const items = [...joined.items.filter(({ key }) => key !== item.key), item];
      const notice = { ...joined, items, sequence: joined.sequence + 1, updatedAt: now };
      await saveNotice(tx, notice);
      await plan(tx, notice, false, now);
      return;
    }
    const times = { openedAt: now, updatedAt: now };
    const notice: Notice = { ...place, ...times, id, severity: SEVERITY[kind], sequence: 1, items: [item] };
    await insertNotice(tx, notice, now + joinMs(kind));
    await plan(tx, notice, true, now);
  };

  const notices: Notices = {
    tell: async (tx, telling, now) => {
      if (listeners.length === 0) return;
      const { item } = telling;
      const known = await findNoticeOf(tx, dialect, item.key);
      const isStale = known !== null && telling.kind === 'escalation' && now - known.updatedAt > STALE_MS;
      if (known !== null && !isStale) return replaceItem(tx, known, item, telling.isNews, now);
      if (isStale) await closeSubject(tx, item.key);
      return begin(tx, telling, now);
    },

    change: async (tx, key, changed, now, isNews = true) => {
      if (listeners.length === 0) return;
      const known = await findNoticeOf(tx, dialect, key);
      const item = known?.items.find((one) => one.key === key);
      if (known !== null && item !== undefined) await replaceItem(tx, known, changed(item), isNews, now);
    },

    healthy: (tx, subjectKey, now) => notices.change(tx, text.subjectOf({ subjectKey }), text.nowHealthy, now),

    stepTaken: async (tx, { before, after }, now) => {
      if (listeners.length === 0) return;
      const key = text.subjectOf(after);
      if (before === null) {
        await notices.change(tx, key, (item) => text.nowTriedAgain(item, after), now, false);
        return;
      }
      if (!isTerminal(after.phase) || isTerminal(before.phase)) return;
      switch (after.phase) {
        case 'escalated':
          // One outage is one message: the incident's own says whom people are asked about.
          if ((await incidentsOf(tx, dialect, after.id)).length > 0) return;
          return notices.tell(tx, { kind: 'escalation', ...toldOf(text.escalated(after, places), after) }, now);
        case 'succeeded': {
          const wasTold = (await findNoticeOf(tx, dialect, key)) !== null;
          if (wasTold) return notices.change(tx, key, (item) => text.nowRepaired(item, after, places), now);
          if (after.reason?.code !== 'fixed' || attemptsSpent(after) < 2) return;
          return notices.tell(tx, { kind: 'success', ...toldOf(text.repaired(after, places), after) }, now);
        }
        case 'superseded':
          return notices.change(tx, key, (item) => text.nowNothingToDo(item, after), now);
        default:
          return notices.change(tx, key, (item) => text.nowCancelled(item, after), now, false);
      }
    },
  };
  return notices;
}

function toldOf(item: NoticeItem, { repository }: Step['after']): Omit<Telling, 'kind'> {
  return { item, repository: repository === '' ? null : repository, isNews: true };
}
