import { checkRunNotifier } from './check-run/index.ts';
import { discordNotifier } from './discord/index.ts';
import { emailNotifier } from './email/index.ts';
import { githubCommentNotifier } from './github-comment/index.ts';
import { slackNotifier } from './slack/index.ts';
import { webhookNotifier } from './webhook/index.ts';

export type { Notifier, NotifierParts, Reference, Told } from './notifier.ts';

/** Everybody who can tell people something, by the name of the folder. */
export const NOTIFIERS = {
  'github-comment': githubCommentNotifier,
  'check-run': checkRunNotifier,
  discord: discordNotifier,
  slack: slackNotifier,
  email: emailNotifier,
  webhook: webhookNotifier,
} as const;
