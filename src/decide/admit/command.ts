import type { Disposition } from '../../model/delivery.ts';
import { reason } from '../../model/reason.ts';
import type { CommandSignal } from '../../model/signal.ts';
import { repositoryAllowed } from './admission.ts';
import type { AdmissionPolicy } from './policy.ts';

/** What people may type after `/healer`, in the order in which help shows it. */
export const COMMANDS = {
  fix: {
    argument: '[words]',
    needs: 'write',
    does: 'repair what is red on this pull request; your words reach the agent',
  },
  retry: { argument: '[guidance]', needs: 'write', does: 'try again, with your words in the prompt' },
  cancel: { argument: '', needs: 'write', does: 'stop what is under way here' },
  status: { argument: '', needs: 'write', does: 'say what is under way here' },
  explain: { argument: '', needs: 'write', does: 'say what happened here, and why' },
  route: { argument: '<agent>', needs: 'write', does: 'let this agent make the next attempt' },
  approve: { argument: '', needs: 'write', does: 'let an agent start that waits for approval' },
  pause: { argument: '', needs: 'maintain', does: 'start no agent in this repository any more' },
  resume: { argument: '', needs: 'maintain', does: 'start agents again' },
  help: { argument: '', needs: 'write', does: 'show this list' },
} as const satisfies Record<string, { argument: string; needs: 'write' | 'maintain'; does: string }>;

export type Verb = keyof typeof COMMANDS;
export const VERBS = Object.keys(COMMANDS) as readonly Verb[];

export function isVerb(word: string): word is Verb {
  return Object.hasOwn(COMMANDS, word);
}

/** What GitHub says somebody is to a repository; `none` also when it does not know them. */
export type Role = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none';

const RANKS: readonly Role[] = ['none', 'read', 'triage', 'write', 'maintain', 'admin'];

/** GitHub's two words for it: four levels, and a role that tells maintain from write and may be one of an organisation's own. */
export function roleOf(answer: { readonly permission: string; readonly role_name?: string | undefined }): Role {
  const named = RANKS.find((role) => role === answer.role_name);
  return named ?? RANKS.find((role) => role === answer.permission) ?? 'none';
}

/** Why somebody may not give a command, in one sentence; null when they may. An unknown verb needs no less than others. */
export function refusal(verb: string, role: Role, repository: string): string | null {
  const needs: Role = isVerb(verb) ? COMMANDS[verb].needs : 'write';
  if (RANKS.indexOf(role) >= RANKS.indexOf(needs)) return null;
  const access = role === 'none' ? 'no access' : `${role} access`;
  return `That needs ${needs} access to ${repository}; you have ${access}.`;
}

/** What is said about a verb that there is not. */
export function unknownVerb(verb: string): string {
  const near = VERBS.map((known) => ({ known, distance: distance(verb, known) })).toSorted(
    (a, b) => a.distance - b.distance,
  )[0];
  const hint = near !== undefined && near.distance <= 2 ? `Did you mean \`/healer ${near.known}\`?` : '';
  return `There is no such command. ${hint || 'See `/healer help`.'}`;
}

/**
 * What becomes of a command before GitHub is asked who gave it; null when it is to be written down. Bots are not
 * answered at all: two of them could talk for ever.
 */
export function admitCommand(signal: CommandSignal, policy: AdmissionPolicy, now: number): Disposition | null {
  const nothing = { ofRun: null, live: null, lastEnded: null, lineageAttempts: null };
  const refused = repositoryAllowed({ signal, known: nothing, policy, now });
  if (refused?.kind === 'pass') return { ...SKIPPED, reason: refused.reason };
  if (signal.actor.type !== 'Bot' || isCommandBot(signal.actor.login, policy)) return null;
  return { ...SKIPPED, reason: reason('bot_author', `${signal.actor.login} is not on the list of bots to obey.`) };
}

export function isCommandBot(login: string, { commandBots }: Pick<AdmissionPolicy, 'commandBots'>): boolean {
  return commandBots.some((listed) => listed.toLowerCase() === login.toLowerCase());
}

const SKIPPED = { status: 'skipped', dedupStatus: 'skipped', remediationId: null } as const;

/** Edits between two short words (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
