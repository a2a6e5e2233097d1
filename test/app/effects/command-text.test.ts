import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { neverACommand } from '../../../src/app/effects/command-port.ts';
import { commentCommands, explainText, helpText, statusText } from '../../../src/app/effects/command-text.ts';
import { VERBS } from '../../../src/decide/admit/command.ts';
import { parseCommand } from '../../../src/intake/sources/github/command.ts';
import { reason } from '../../../src/model/reason.ts';
import { PHASES } from '../../../src/model/remediation.ts';
import { renderComment } from '../../../src/report/notifiers/github-comment/index.ts';
import { inPhase } from '../../remediate/phases.ts';
import { aCheck, aClassification, anAttempt, aReport } from '../../support/builders.ts';
import { NOON } from '../../support/clock.ts';

const hostile = fc
  .array(fc.constantFrom('/healer fix', '\n', '\r', '\u2028', '```', '~~~', '<!--', '-->', '`', ' ', 'x', '\t', '> '), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));

/** A remediation in which every text that comes from outside tries to be a command. */
function poisoned(text: string) {
  return inPhase('escalated', {
    branch: text,
    workflowName: text,
    failedChecks: [aCheck(text, { failedSteps: [text] })],
    reason: reason('attempts_spent', text),
    attempts: [
      anAttempt({
        endedAt: NOON,
        outcome: 'agent_failed',
        detail: text,
        report: aReport({ summary: text }),
        stillRed: [text],
      }),
    ],
  });
}

describe('what Healer itself writes', () => {
  it('is never a command, whatever names, logs and agents say', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const remediation = poisoned(text);
        const classification = aClassification({
          reason: text,
          rule: text,
          evidence: [{ line: 1, text, rule: text, weight: 1 }],
        });
        const timeline = [{ at: NOON, phase: 'escalated' as const, event: 'opened', message: text }];
        const view = { maxAttempts: 3, codeRunPhase: null, pageUrl: null, commands: commentCommands(remediation) };
        const comments = [
          renderComment(remediation, { ...view, classification }),
          statusText([remediation], 3),
          explainText(remediation, timeline, classification),
          neverACommand(text),
        ];
        for (const comment of comments) expect(parseCommand(comment), comment).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it('shows every command in help, and none of it is obeyed', () => {
    for (const verb of VERBS) expect(helpText()).toContain(`\`/healer ${verb}`);
    expect(parseCommand(helpText())).toBeNull();
  });

  it.each(PHASES)('offers what makes sense while %s', (phase) => {
    const offered = commentCommands(inPhase(phase)).map(({ type }) => type.split(' ')[1]);
    expect(offered).toContain('explain');
    expect(offered.includes('approve')).toBe(phase === 'awaiting_approval');
    expect(offered.includes('cancel')).toBe(inPhase(phase).endedAt === null);
  });
});
