import type { Phase, Remediation } from '../../../model/remediation.ts';
import { isTerminal } from '../../../model/remediation.ts';
import { cleanLine } from '../../../safety/index.ts';
import { agentName, failureTitle, PHASE_WORDS } from '../../words.ts';
import { cut } from '../cut.ts';
import { type CommentView, renderParts } from '../github-comment/render.ts';
import { type Annotation, locationsOf } from './locations.ts';

/** GitHub's limits for check runs; @octokit/openapi says the same: https://docs.github.com/en/rest/checks/runs */
export const CHECK_LIMITS = {
  title: 255,
  summary: 65_535,
  text: 65_535,
  annotationsPerRequest: 50,
  annotationTitle: 255,
  annotationMessage: 65_536,
  actions: 3,
  actionLabel: 20,
  actionDescription: 40,
  actionIdentifier: 20,
} as const;

/** Under this name branch protection knows it. */
export const CHECK_NAME = 'Healer';

/** What people can press; each does what the command of that name does. */
export const BUTTONS = {
  healer_retry: { label: 'Retry', description: 'Let an agent try again', verb: 'retry' },
  healer_stop: { label: 'Stop', description: 'Stop what is under way here', verb: 'cancel' },
} as const;

export interface CheckRunMessage {
  readonly repository: string;
  readonly headSha: string;
  /** The task id: by it the check is found again. */
  readonly externalId: string;
  readonly detailsUrl: string | null;
  readonly status: 'queued' | 'in_progress' | 'completed';
  readonly conclusion: 'success' | 'neutral' | 'failure' | null;
  readonly title: string;
  readonly summary: string;
  readonly text: string;
  readonly annotations: readonly Annotation[];
  readonly actions: readonly { readonly label: string; readonly description: string; readonly identifier: string }[];
  /** Commits of the same remediation whose check is not the place to look any more. */
  readonly earlier: readonly string[];
}

export interface CheckRunOptions {
  readonly view: CommentView;
  /** The commit that the latest evidence is about; null when there is none. */
  readonly evidenceSha: string | null;
  /** How the check ends when people have to take over. */
  readonly whenNotRepaired: 'neutral' | 'failure';
}

const MAX_ANNOTATIONS = 100;

/** The check “Healer” as it is to stand on the commit that matters now. */
export function renderCheckRun(remediation: Remediation, options: CheckRunOptions): CheckRunMessage {
  const { view, evidenceSha, whenNotRepaired } = options;
  const headSha = currentCommit(remediation);
  const { phase } = remediation;
  const parts = renderParts(remediation, view, CHECK_LIMITS.summary);
  const { classification } = view;
  const hasEvidence = classification !== null && evidenceSha === headSha && phase !== 'succeeded';
  return {
    repository: remediation.repository,
    headSha,
    externalId: remediation.taskId,
    detailsUrl: view.pageUrl,
    ...stateOf(phase, whenNotRepaired),
    title: titleOf(remediation, view.maxAttempts),
    ...parts,
    annotations: hasEvidence ? locationsOf(classification, MAX_ANNOTATIONS) : [],
    actions: buttonsOf(phase),
    earlier: commitsOf(remediation).filter((sha) => sha !== headSha),
  };
}

/**
 * GitHub shows buttons on completed checks only, and holds a merge back for one that is required and still runs. So the
 * check is complete and neutral while Healer is at work, unless it is to hold merges back: then it runs, without buttons.
 */
function stateOf(
  phase: Phase,
  whenNotRepaired: CheckRunOptions['whenNotRepaired'],
): Pick<CheckRunMessage, 'status' | 'conclusion'> {
  if (phase === 'succeeded') return { status: 'completed', conclusion: 'success' };
  if (phase === 'escalated') return { status: 'completed', conclusion: whenNotRepaired };
  if (isTerminal(phase) || whenNotRepaired === 'neutral') return { status: 'completed', conclusion: 'neutral' };
  const isWaiting = phase === 'received' || phase === 'deferred' || phase === 'awaiting_approval';
  return { status: isWaiting ? 'queued' : 'in_progress', conclusion: null };
}

function titleOf(remediation: Remediation, maxAttempts: number): string {
  const { phase, attempts } = remediation;
  const { label } = PHASE_WORDS[phase];
  const attempt = attempts.at(-1);
  const isAtWork = phase === 'working' || phase === 'verifying';
  const who =
    isAtWork && attempt !== undefined
      ? ` (${agentName(cleanLine(attempt.agent, 40))}, attempt ${attempt.number} of ${maxAttempts})`
      : '';
  return cut(`${label}: ${failureTitle(remediation)}${who}`, CHECK_LIMITS.title);
}

function buttonsOf(phase: Phase): CheckRunMessage['actions'] {
  if (phase === 'succeeded') return [];
  const identifier = isTerminal(phase) ? 'healer_retry' : 'healer_stop';
  const { label, description } = BUTTONS[identifier];
  return [{ label, description, identifier }];
}

/**
 * The head of the pull request as far as the remediation knows it: the agent's latest commit, unless what was read of
 * the branch since then was another one.
 */
export function currentCommit({ attempts, headSha }: Remediation): string {
  const latest = attempts.findLast(({ report }) => report?.commitSha);
  const pushed = latest?.report?.commitSha ?? null;
  return pushed !== null && latest?.baseSha === headSha ? pushed : headSha;
}

function commitsOf({ attempts, headSha }: Remediation): readonly string[] {
  const all = attempts.flatMap(({ baseSha, report }) => [baseSha, report?.commitSha]);
  return [...new Set([...all, headSha].filter((sha) => sha !== undefined && sha !== null && sha !== ''))] as string[];
}
