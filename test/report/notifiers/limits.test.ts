import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOTICE_KINDS, type Notice, type NoticeItem, SEVERITIES } from '../../../src/model/notice.ts';
import { CHECK_LIMITS, renderCheckRun } from '../../../src/report/notifiers/check-run/index.ts';
import { discordText, renderDiscord } from '../../../src/report/notifiers/discord/render.ts';
import { renderEmail } from '../../../src/report/notifiers/email/render.ts';
import { renderSlack, slackText } from '../../../src/report/notifiers/slack/render.ts';
import { renderWebhook, WEBHOOK_LIMITS } from '../../../src/report/notifiers/webhook/render.ts';
import { aCheck, aClassification, anAttempt, aRemediation, aReport } from '../../support/builders.ts';
import { discordProblems, type Json, slackProblems } from './limits.ts';
import { aNotice, EVIL, longNotice, OPENED } from './notices.ts';

/** Text of all kinds: short, huge, hostile, with what is cut in halves easily. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constant(''),
  fc.constant(EVIL),
  fc
    .tuple(fc.constantFrom('a', '*', '<', '&', '😀', '\n', '`', '@', '"'), fc.nat(5_000))
    .map(([one, n]) => one.repeat(n)),
);

const item: fc.Arbitrary<NoticeItem> = fc.record({
  key: text,
  isOpen: fc.boolean(),
  tone: fc.constantFrom('good', 'bad', 'waiting', 'busy', 'quiet'),
  title: text,
  status: text,
  facts: fc.array(fc.record({ label: text, text }), { maxLength: 12 }),
  details: fc.array(text, { maxLength: 18 }),
  links: fc.array(fc.record({ label: text, url: fc.oneof(text, fc.webUrl({ withFragments: true, size: 'large' })) }), {
    maxLength: 15,
  }),
  taskId: fc.option(text),
});

const notice: fc.Arbitrary<Notice> = fc.record({
  id: fc.constant('01JD0000000000000000000009'),
  kind: fc.constantFrom(...NOTICE_KINDS),
  severity: fc.constantFrom(...SEVERITIES),
  repository: fc.option(text),
  sequence: fc.nat(),
  openedAt: fc.constant(OPENED),
  updatedAt: fc.nat(10_000_000).map((ms) => OPENED + ms),
  items: fc.array(item, { minLength: 1, maxLength: 25 }),
});

const RUNS = { numRuns: 40, endOnFailure: true };
const asSent = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

describe('no notice exceeds the limits of', () => {
  it('Discord', () => {
    fc.assert(
      fc.property(notice, (one) => {
        expect(discordProblems(asSent(renderDiscord(one)))).toEqual([]);
      }),
      RUNS,
    );
    for (const count of [1, 2, 300]) expect(discordProblems(asSent(renderDiscord(longNotice(count))))).toEqual([]);
  });

  it('Slack', () => {
    fc.assert(
      fc.property(notice, (one) => {
        expect(slackProblems(asSent(renderSlack(one)))).toEqual([]);
      }),
      RUNS,
    );
    for (const count of [1, 2, 300]) expect(slackProblems(asSent(renderSlack(longNotice(count))))).toEqual([]);
  });

  it('e-mail', () => {
    fc.assert(
      fc.property(notice, (one) => {
        const { subject, text: body } = renderEmail(one);
        expect(subject).not.toMatch(/[\r\n]/);
        expect(subject.length).toBeLessThanOrEqual(200);
        for (const line of body.split('\n')) expect(line.length).toBeLessThanOrEqual(998);
        expect(body.length).toBeLessThanOrEqual(100_000);
      }),
      RUNS,
    );
  });

  it('a receiver of webhooks', () => {
    fc.assert(
      fc.property(notice, (one) => {
        const event = renderWebhook(one);
        expect(JSON.stringify(event).length).toBeLessThan(WEBHOOK_LIMITS.body);
        expect(event.items.length + event.omitted_items).toBe(one.items.length);
      }),
      RUNS,
    );
    expect(JSON.stringify(renderWebhook(longNotice(300))).length).toBeLessThan(WEBHOOK_LIMITS.body);
  });

  it('a check of GitHub’s', () => {
    fc.assert(
      fc.property(
        text,
        text,
        fc.array(text, { maxLength: 20 }),
        fc.constantFrom('working', 'escalated', 'succeeded'),
        (one, other, many, phase) => {
          const remediation = aRemediation({
            phase,
            branch: one,
            workflowName: other,
            reason: { code: 'attempts_spent', detail: one },
            failedChecks: many.map((name) => aCheck(name)),
            attempts: many.map((detail, n) =>
              anAttempt({ ordinal: n + 1, detail, agent: one, report: aReport({ summary: other }) }),
            ),
          });
          const excerpt = {
            text: many.map((line, n) => `src/${n}.ts(1,1): error ${line}`).join('\n'),
            ranges: [],
            lines: 1,
            totalLines: 1,
          };
          const check = renderCheckRun(remediation, {
            view: {
              maxAttempts: 3,
              classification: aClassification({ excerpt }),
              codeRunPhase: null,
              pageUrl: null,
              commands: [],
            },
            evidenceSha: remediation.headSha,
            whenNotRepaired: 'failure',
          });
          expect(check.title.length).toBeLessThanOrEqual(CHECK_LIMITS.title);
          expect(check.summary.length).toBeLessThanOrEqual(CHECK_LIMITS.summary);
          expect(check.text.length).toBeLessThanOrEqual(CHECK_LIMITS.text);
          for (const { message, path, line } of check.annotations) {
            expect(message.length).toBeGreaterThan(0);
            expect(Buffer.byteLength(message)).toBeLessThanOrEqual(CHECK_LIMITS.annotationMessage);
            expect(path).not.toMatch(/^\/|\.\.\//);
            expect(line).toBeGreaterThan(0);
          }
          for (const { label, description, identifier } of check.actions) {
            expect(label.length).toBeLessThanOrEqual(CHECK_LIMITS.actionLabel);
            expect(description.length).toBeLessThanOrEqual(CHECK_LIMITS.actionDescription);
            expect(identifier.length).toBeLessThanOrEqual(CHECK_LIMITS.actionIdentifier);
          }
          expect(check.actions.length).toBeLessThanOrEqual(CHECK_LIMITS.actions);
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
  });
});

describe('what is cut', () => {
  it('says so, and tears no escape and no character apart', () => {
    expect(discordText('*'.repeat(500), 20)).toMatch(/^(\\\*)+…$/);
    expect(slackText('<'.repeat(500), 21)).toMatch(/^(&lt;)+…$/);
    expect(discordText('😀'.repeat(50), 21)).toMatch(/^(😀)+…$/u);
    const { embeds } = renderDiscord(longNotice(300));
    expect(embeds[0]?.description).toMatch(/_\d+ more are not shown\._$/);
    expect(JSON.stringify(renderSlack(longNotice(300)))).toContain('more are not shown');
    expect(renderEmail(longNotice(300)).text).toMatch(/250 more are not listed/);
  });

  it('leaves short texts as they are', () => {
    expect(discordText('plain words', 20)).toBe('plain words');
    expect(slackText('a & b', 20)).toBe('a &amp; b');
    const { content } = renderDiscord(aNotice());
    expect(content).toBe('🔴 **Needs people\\: acme/shop feature\\: a clippy finding**');
  });
});
