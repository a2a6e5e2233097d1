/** What people are told outside of GitHub. A notice is one message: it is opened once and brought up to date as things go on. */
export const NOTICE_KINDS = ['escalation', 'success', 'incident', 'breaker', 'pause', 'rights'] as const;

export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** From what may wait until the morning to what may not. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;

export type Severity = (typeof SEVERITIES)[number];

export function isAtLeast(severity: Severity, minimum: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minimum);
}

/** How an item looks to the reader; colour follows it, and never stands alone. */
export type NoticeTone = 'good' | 'bad' | 'waiting' | 'busy' | 'quiet';

/** One thing that a notice is about. All texts are plain: whoever shows them neutralises what their medium would format. */
export interface NoticeItem {
  /** What it is about, the same for as long as it goes on: `ci:acme/shop:main`, `breaker`, `pause:everywhere`, … */
  readonly key: string;
  readonly isOpen: boolean;
  readonly tone: NoticeTone;
  /** What it is, in one line; stays the same. */
  readonly title: string;
  /** How it stands, in one or two sentences. */
  readonly status: string;
  readonly facts: readonly NoticeFact[];
  /** What else there is to know, a line each: what was tried, for example. */
  readonly details: readonly string[];
  readonly links: readonly NoticeLink[];
  /** Of the remediation that it is about; null when it is about none. */
  readonly taskId: string | null;
}

export interface NoticeFact {
  /** Ours. */
  readonly label: string;
  readonly text: string;
}

export interface NoticeLink {
  /** Ours. */
  readonly label: string;
  readonly url: string;
}

export interface Notice {
  /** ULID. */
  readonly id: string;
  readonly kind: NoticeKind;
  readonly severity: Severity;
  /** `owner/name`; null for what concerns every repository. */
  readonly repository: string | null;
  /** Grows with every change, from 1. */
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  readonly updatedAt: number;
  /** In the order in which they came; more than one when several of a kind came at almost the same time. */
  readonly items: readonly NoticeItem[];
}

/** Nothing in it goes on any more. */
export function isOver({ items }: Pick<Notice, 'items'>): boolean {
  return items.every(({ isOpen }) => !isOpen);
}
