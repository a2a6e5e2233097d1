import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { settingKeys, settingsSchema } from '../../src/app/settings.ts';
import { NOTICE_KINDS } from '../../src/model/notice.ts';
import { BUTTONS, CHECK_LIMITS } from '../../src/report/notifiers/check-run/index.ts';
import { DISCORD_LIMITS } from '../../src/report/notifiers/discord/render.ts';
import { NOTIFIERS } from '../../src/report/notifiers/index.ts';
import { SLACK_LIMITS } from '../../src/report/notifiers/slack/render.ts';
import { renderWebhook, WEBHOOK_LIMITS } from '../../src/report/notifiers/webhook/render.ts';
import { aNotice, anItem, OPENED } from '../report/notifiers/notices.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../docs/notifications.md'), 'utf8');
const block = (language: string): string => new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? '';

describe('docs/notifications.md', () => {
  it('opens with settings that are valid, under the names that they have', () => {
    const settings = settingsSchema.parse(parse(block('yaml')));
    expect(settings.notifications.slack.events).toEqual(['escalation', 'incident', 'breaker', 'rights']);
    const known = settingKeys().map(({ environmentName }) => environmentName);
    const named = [...page.matchAll(/# ([A-Z][A-Z_]+)$/gm)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('lists every event and every notifier', () => {
    const rows = [...page.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name);
    for (const kind of NOTICE_KINDS) expect(rows).toContain(kind);
    for (const name of Object.keys(NOTIFIERS)) expect(rows).toContain(name);
  });

  it('shows an event as it is sent', () => {
    const item = anItem({
      tone: 'busy',
      status: 'Another try is under way as ci-41-r1.',
      taskId: 'ci-41-r1',
      facts: [{ label: 'Branch', text: 'feature' }],
      details: ['Attempt 1, Rex: still red.'],
    });
    expect(JSON.parse(block('json'))).toEqual(
      renderWebhook(aNotice({ sequence: 2, updatedAt: OPENED + 2_000, items: [item] })),
    );
  });

  it('names the limits that the program keeps', () => {
    const figure = (value: number): string => value.toLocaleString('en-US');
    const { content, title, description, fieldValue, total } = DISCORD_LIMITS;
    for (const limit of [content, title, description, fieldValue, total]) expect(page).toContain(figure(limit));
    for (const limit of [SLACK_LIMITS.section, SLACK_LIMITS.header, SLACK_LIMITS.field, SLACK_LIMITS.blocks])
      expect(page).toContain(figure(limit));
    expect(page).toContain(figure(CHECK_LIMITS.summary));
    expect(page).toContain(`at most ${WEBHOOK_LIMITS.items} items`);
    for (const { label } of Object.values(BUTTONS)) expect(page).toContain(`**${label}**`);
  });
});
