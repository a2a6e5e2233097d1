import type { Clock } from '../lib/clock.ts';
import { messageOf, PermanentError, RetryableError } from '../lib/errors.ts';
import type { Notice, NoticeItem } from '../model/notice.ts';
import type { Notifier } from '../report/notifiers/index.ts';
import { createRedactor, type Redactor, safeLine } from '../safety/index.ts';
import {
  type ClaimedMessage,
  claimMessage,
  finishMessage,
  nextMessageDue,
  postponeMessage,
  releaseAllMessages,
} from '../store/notices.ts';
import type { Store } from '../store/open.ts';
import { type QuietHours, quietUntil } from './notify-quiet.ts';

/** What came of trying to tell one notice once. */
export type NotifyResult = 'sent' | 'edited' | 'unchanged' | 'failed' | 'dropped';

export interface NotifyLoopOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly notifiers: readonly Notifier<Notice>[];
  readonly quietHours: QuietHours;
  /** What could not be sent for so long is given up, milliseconds. */
  readonly giveUpMs: number;
  /** Our own secrets, which must not be told. */
  readonly secrets: readonly string[];
  /** Looks whether anything began or ended by itself. */
  readonly watch: () => Promise<void>;
  readonly onResult: (notifier: string, result: NotifyResult) => void;
  readonly onTold: (fields: Readonly<Record<string, unknown>>) => void;
  readonly onError: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

export interface NotifyLoop {
  start(): void;
  /** Something may have become due; look now. */
  wake(): void;
  stop(): Promise<void>;
}

/** A process that died is replaced after this time, milliseconds; longer than any notifier takes. */
const LEASE_MS = 2 * 60_000;
const SEND_MS = 45_000;
/** What is on its way when the service stops may arrive: cut off, it would be said twice. */
const LAST_WORDS_MS = 5_000;
const FIRST_DELAY_MS = 2_000;
const MAX_DELAY_MS = 10 * 60_000;
/** The longest that a chat may ask us to wait; some send dates far ahead when they are broken. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;
/** The longest sleep between two looks: other replicas may have planned something. */
const MAX_SLEEP_MS = 2_000;

/**
 * Tells people what is written down for them. Each notifier has a lane of its own, one message at a time and apart from
 * the worker: one that hangs holds up neither another one nor any remediation.
 */
export function createNotifyLoop(options: NotifyLoopOptions): NotifyLoop {
  const { store, notifiers, onError } = options;
  const stopping = new AbortController();
  const cutOff = new AbortController();
  const sleepers = new Set<() => void>();
  let running: Promise<unknown> | null = null;

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        sleepers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      sleepers.add(done);
      if (stopping.signal.aborted) done();
    });

  const repeat = async (what: string, round: () => Promise<number>): Promise<void> => {
    while (!stopping.signal.aborted) {
      let rest = MAX_SLEEP_MS;
      try {
        rest = await round();
      } catch (error) {
        onError('notifications could not be looked at', { what, error: messageOf(error) });
      }
      if (rest > 0) await sleep(Math.min(rest, MAX_SLEEP_MS));
    }
  };

  const run = async (): Promise<void> => {
    if (store.dialect === 'sqlite') await releaseAllMessages(store.db);
    const lanes = notifiers.map((notifier) => repeat(notifier.name, lane(options, notifier, cutOff.signal)));
    const watching = repeat('watch', async () => {
      await options.watch();
      return MAX_SLEEP_MS;
    });
    await Promise.all([...lanes, watching]);
  };

  return {
    start: () => {
      if (notifiers.length > 0) running ??= run();
    },
    wake: () => {
      for (const done of [...sleepers]) done();
    },
    stop: async () => {
      stopping.abort();
      for (const done of [...sleepers]) done();
      const timer = setTimeout(() => cutOff.abort(), LAST_WORDS_MS);
      await running;
      clearTimeout(timer);
    },
  };
}

/** One round of a lane; gives the milliseconds until the next. */
function lane(options: NotifyLoopOptions, notifier: Notifier<Notice>, cutOff: AbortSignal): () => Promise<number> {
  const { store, clock } = options;
  // A chat that says "later" means all messages, not this one alone.
  let notBefore = 0;
  return async () => {
    const now = clock();
    if (now < notBefore) return notBefore - now;
    const claimed = await claimMessage(store, notifier.name, now, LEASE_MS);
    if (claimed === null) {
      const next = await nextMessageDue(store.db, notifier.name);
      return next === null ? MAX_SLEEP_MS : Math.max(next - clock(), 1);
    }
    const quiet = quietUntil(options.quietHours, claimed.notice.severity, now);
    // Changing what stands there already makes no sound.
    const isSilent = notifier.edits && claimed.reference !== null;
    if (quiet !== null && !isSilent) {
      await postponeMessage(store.db, claimed, quiet, null, now);
      return 0;
    }
    notBefore = (await send(options, notifier, claimed, cutOff)) ?? 0;
    return 0;
  };
}

/** Gives the time before which nothing more is to be sent there, when the other side said so. */
async function send(
  options: NotifyLoopOptions,
  notifier: Notifier<Notice>,
  claimed: ClaimedMessage,
  cutOff: AbortSignal,
): Promise<number | null> {
  const { store, onResult, onTold } = options;
  const redactor = createRedactor({ secrets: options.secrets });
  try {
    const signal = AbortSignal.any([cutOff, AbortSignal.timeout(SEND_MS)]);
    const told = await notifier.tell(throughTheGate(claimed.notice, redactor), claimed.reference, signal);
    await finishMessage(store.db, claimed, told.reference);
    onResult(notifier.name, told.action);
    onTold({ notifier: notifier.name, notice: claimed.notice.id, kind: claimed.notice.kind, action: told.action });
    return null;
  } catch (error) {
    if (!cutOff.aborted) return failed(options, claimed, error, redactor);
    // A service that stops has not failed to tell anything: it is told after the next start.
    const now = options.clock();
    await postponeMessage(store.db, claimed, now, null, now);
    return null;
  }
}

async function failed(
  { store, clock, giveUpMs, onResult, onError }: NotifyLoopOptions,
  claimed: ClaimedMessage,
  error: unknown,
  redactor: Redactor,
): Promise<number | null> {
  const now = clock();
  const message = safeLine(messageOf(error), redactor, 500);
  const isTooOld = claimed.failingSince !== null && now - claimed.failingSince >= giveUpMs;
  const giveUp = error instanceof PermanentError || isTooOld;
  const { notifier, notice, tries } = claimed;
  onError('notification failed', { notifier, notice: notice.id, kind: notice.kind, tries, giveUp, error: message });
  onResult(notifier, 'failed');
  if (giveUp) {
    onResult(notifier, 'dropped');
    await finishMessage(store.db, claimed, claimed.reference, 'dropped', message);
    return null;
  }
  const wanted = error instanceof RetryableError ? error.retryAfterMs : null;
  const backoff = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(tries - 1, 12));
  const dueAt = now + (wanted === null ? backoff : Math.min(Math.max(wanted, 1), MAX_RETRY_AFTER_MS));
  await postponeMessage(store.db, claimed, dueAt, message, now);
  return wanted === null ? null : dueAt;
}

/** Longest text of each place; notifiers cut to what their medium takes. */
const LONGEST = { title: 500, status: 2_000, text: 1_000 } as const;

/** Everything that leaves goes through the gate, whoever wrote it down. */
function throughTheGate(notice: Notice, redactor: Redactor): Notice {
  const line = (text: string, max: number): string => safeLine(text, redactor, max);
  const safe = (item: NoticeItem): NoticeItem => ({
    ...item,
    key: line(item.key, LONGEST.title),
    title: line(item.title, LONGEST.title),
    status: line(item.status, LONGEST.status),
    facts: item.facts.map(({ label, text }) => ({ label, text: line(text, LONGEST.text) })),
    details: item.details.map((detail) => line(detail, LONGEST.text)),
    links: item.links.map(({ label, url }) => ({ label, url: line(url, LONGEST.status) })),
    taskId: item.taskId === null ? null : line(item.taskId, 200),
  });
  return { ...notice, items: notice.items.map(safe) };
}
