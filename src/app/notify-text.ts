import type { NoticeItem } from '../model/notice.ts';
import type { Attempt, Remediation } from '../model/remediation.ts';
import { describeWave } from '../remediate/incident.ts';
import { attemptsSpent } from '../remediate/lineage.ts';
import { agentName, attemptWord, duration, failureTitle, plural } from '../report/words.ts';

/** Where people look things up. */
export interface Places {
  /** The page of a remediation; null when Healer has no address that people reach. */
  page(id: string): string | null;
  pullRequest(repository: string, number: number): string;
}

/** What is told about a broken thing has this key, for as long as it is broken. */
export function subjectOf({ subjectKey }: Pick<Remediation, 'subjectKey'>): string {
  return `subject:${subjectKey}`;
}

const MAX_NAMES = 6;
const MAX_ATTEMPTS = 10;

/** Healer has stopped and people are asked. */
export function escalated(remediation: Remediation, places: Places): NoticeItem {
  return {
    ...about(remediation, places),
    isOpen: true,
    tone: 'bad',
    status: `Healer has stopped and hands over. ${detailOf(remediation)}`,
    details: remediation.attempts.slice(-MAX_ATTEMPTS).map(attemptLine),
  };
}

/** It took more than one attempt. */
export function repaired(remediation: Remediation, places: Places): NoticeItem {
  return {
    ...about(remediation, places),
    isOpen: false,
    tone: 'good',
    status: repairedStatus(remediation),
    details: remediation.attempts.slice(-MAX_ATTEMPTS).map(attemptLine),
  };
}

/** What was told as open, once the thing is green. */
export function nowRepaired(item: NoticeItem, remediation: Remediation, places: Places): NoticeItem {
  return { ...repaired(remediation, places), key: item.key, title: item.title };
}

export function nowTriedAgain(item: NoticeItem, remediation: Remediation): NoticeItem {
  const { taskId, reason } = remediation;
  const why = reason === null ? '' : ` ${reason.detail}`;
  return { ...item, tone: 'busy', status: `Another try is under way as ${taskId}.${why}`, taskId };
}

export function nowNothingToDo(item: NoticeItem, remediation: Remediation): NoticeItem {
  return { ...item, isOpen: false, tone: 'quiet', status: `There is nothing left to repair. ${detailOf(remediation)}` };
}

export function nowCancelled(item: NoticeItem, remediation: Remediation): NoticeItem {
  return {
    ...item,
    tone: 'bad',
    status: `${remediation.taskId} was cancelled; it still needs people. ${detailOf(remediation)}`,
  };
}

export function nowHealthy(item: NoticeItem): NoticeItem {
  return { ...item, isOpen: false, tone: 'good', status: 'CI is green again, by somebody else’s change.' };
}

function about(remediation: Remediation, places: Places) {
  const { repository, branch, taskId, pullRequest, failedChecks, url, id } = remediation;
  const agents = [...new Set(remediation.attempts.map(({ agent }) => agentName(agent)))];
  const names = failedChecks.slice(0, MAX_NAMES).map(({ name }) => name);
  const more = failedChecks.length - names.length;
  const page = places.page(id);
  const facts = [
    { label: 'Branch', text: branch },
    { label: 'Red at the start', text: names.join(', ') + (more > 0 ? ` and ${more} more` : '') },
    { label: 'Attempts', text: `${attemptsSpent(remediation)}${agents.length === 0 ? '' : ` (${agents.join(', ')})`}` },
    { label: 'Pull request', text: pullRequest === null ? '' : `#${pullRequest}` },
    { label: 'Task', text: taskId },
  ];
  return {
    key: subjectOf(remediation),
    title: `${repository}${branch === '' ? '' : ` ${branch}`}: ${failureTitle(remediation)}`,
    facts: facts.filter(({ text }) => text !== ''),
    links: [
      ...(page === null ? [] : [{ label: 'Details', url: page }]),
      ...(pullRequest === null ? [] : [{ label: 'Pull request', url: places.pullRequest(repository, pullRequest) }]),
      ...(url === null ? [] : [{ label: 'What failed', url }]),
    ],
    taskId,
  };
}

function attemptLine(attempt: Attempt): string {
  const { number, agent, detail } = attempt;
  return `Attempt ${number}, ${agentName(agent)}: ${attemptWord(attempt, null).label}${detail === null ? '' : `. ${detail}`}`;
}

function repairedStatus(remediation: Remediation): string {
  const took =
    remediation.endedAt === null ? '' : `, ${duration(remediation.endedAt - remediation.createdAt)} after it began`;
  const count = attemptsSpent(remediation);
  return `Verified green in ${count === 1 ? 'the first attempt' : `attempt ${count}`}${took}. ${detailOf(remediation)}`;
}

function detailOf({ reason }: Remediation): string {
  return reason?.detail ?? '';
}

const NOTHING = { facts: [], details: [], links: [], taskId: null } as const;

export const PAUSE = 'pause:';
export const BREAKER = 'breaker';
export const INCIDENT = 'incident:';
export const RIGHTS = 'rights:';

export function paused(repository: string | null, by: string): NoticeItem {
  const where = repository === null ? 'everywhere' : `in ${repository}`;
  return {
    ...NOTHING,
    key: `${PAUSE}${repository ?? ''}`,
    isOpen: true,
    tone: 'waiting',
    title: `spending ${where}`,
    status: `Paused ${where} by ${by}: no agent is started. What is found meanwhile waits.`,
  };
}

export function resumed(item: NoticeItem, by: string | null): NoticeItem {
  return {
    ...item,
    isOpen: false,
    tone: 'good',
    status: `Resumed${by === null ? '' : ` by ${by}`}: agents start again.`,
  };
}

export type BreakerNow =
  | { readonly state: 'open'; readonly until: number }
  | { readonly state: 'half_open' | 'closed' };

export function breaker(now: BreakerNow, rule: { readonly failures: number; readonly minutes: number }): NoticeItem {
  const item = { ...NOTHING, key: BREAKER, title: 'too many remediations failed' } as const;
  switch (now.state) {
    case 'open': {
      const until = new Date(now.until).toISOString().slice(11, 16);
      const status = `Opened: ${rule.failures} escalations within ${rule.minutes} minutes. No agent is started before ${until} UTC.`;
      return { ...item, isOpen: true, tone: 'bad', status };
    }
    case 'half_open':
      return { ...item, isOpen: true, tone: 'waiting', status: 'Half open: one CodeRun at a time, until one holds.' };
    case 'closed':
      return { ...item, isOpen: false, tone: 'good', status: 'Closed: agents start as usual.' };
  }
}

export interface WaveNow {
  readonly id: string;
  readonly kind: string;
  readonly key: string;
  readonly remediations: number;
  readonly repositories: number;
  /** Task ids; the first goes ahead, about the second people were asked. */
  readonly lead: string | null;
  readonly escalated: { readonly taskId: string; readonly detail: string } | null;
  /** How it ended; null while it goes on. */
  readonly end: 'green' | 'window' | null;
}

export function wave(now: WaveNow): NoticeItem {
  const what = describeWave(now);
  const many = `At least ${plural(roughly(now.remediations), 'remediation')} in ${plural(roughly(now.repositories), 'repository', 'repositories')}`;
  const item = {
    ...NOTHING,
    key: `${INCIDENT}${now.id}`,
    title: `many remediations at once are ${what}`,
    taskId: now.lead,
  };
  if (now.end === 'green')
    return { ...item, isOpen: false, tone: 'good', status: 'Over: one of them turned green, the others go on.' };
  if (now.end === 'window')
    return { ...item, isOpen: false, tone: 'quiet', status: 'Its time is over: whoever waited goes on by itself.' };
  if (now.escalated !== null) {
    const { taskId, detail } = now.escalated;
    return {
      ...item,
      isOpen: true,
      tone: 'bad',
      status: `${many}. People are asked about ${taskId}: ${detail}`,
      taskId,
    };
  }
  const lead = now.lead === null ? '' : ` ${now.lead} goes ahead, the others wait for it.`;
  return { ...item, isOpen: true, tone: 'bad', status: `${many}.${lead}` };
}

/** A figure that does not change with every one more: a message is not edited two hundred times. */
function roughly(count: number): number {
  const steps = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1_000];
  return steps.findLast((step) => step <= count) ?? count;
}

export function rightsLost(repository: string, why: string): NoticeItem {
  return {
    ...NOTHING,
    key: `${RIGHTS}${repository.toLowerCase()}`,
    isOpen: true,
    tone: 'bad',
    title: repository,
    status: `GitHub refuses Healer in ${repository}: ${why}`,
    details: ['Nothing can be repaired there until the App’s installation and permissions, or the token, are right.'],
  };
}

export function rightsBack(item: NoticeItem): NoticeItem {
  return { ...item, isOpen: false, tone: 'good', status: 'GitHub lets Healer in again.', details: [] };
}
