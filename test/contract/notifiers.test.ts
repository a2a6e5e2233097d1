import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NOTIFIERS } from '../../src/report/notifiers/index.ts';
import {
  checkRunBench,
  discordBench,
  emailBench,
  githubCommentBench,
  slackBotBench,
  slackWebhookBench,
  webhookBench,
} from '../report/notifiers/benches.ts';
import { notifierContract } from './notifiers.ts';

const folder = resolve(import.meta.dirname, '../../src/report/notifiers');

describe('the registry of notifiers', () => {
  it('has exactly the folders', () => {
    const folders = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(Object.keys(NOTIFIERS).toSorted()).toEqual(folders.toSorted());
  });
});

notifierContract('github-comment', githubCommentBench);
notifierContract('check-run', checkRunBench);
notifierContract('discord', discordBench);
notifierContract('slack', slackBotBench);
notifierContract('slack', slackWebhookBench);
notifierContract('email', emailBench);
notifierContract('webhook', webhookBench);
