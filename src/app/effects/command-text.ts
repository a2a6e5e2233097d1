import { COMMANDS, VERBS } from '../../decide/admit/command.ts';
import type { Classification } from '../../model/evidence.ts';
import { isTerminal, type Remediation, type TimelineEntry } from '../../model/remediation.ts';
import type { CommandHint } from '../../report/notifiers/github-comment/index.ts';
import { happening, PHASE_WORDS } from '../../report/words.ts';
import { cleanLine, codeSpan, markdownText } from '../../safety/index.ts';

/** Entries of a timeline that an answer shows; the remediation's page has them all. */
const MAX_ENTRIES = 40;

/** `/healer help`. */
export function helpText(): string {
  const lines = VERBS.map((verb) => {
    const { argument, does, needs } = COMMANDS[verb];
    const extra = needs === 'maintain' ? ' (maintainers)' : '';
    return `- ${codeSpan(`/healer ${verb}${argument === '' ? '' : ` ${argument}`}`)}: ${does}${extra}`;
  });
  return ['Begin a line of a comment with one of these:', '', ...lines].join('\n');
}

/** What a reader of the comment can type at this point of a remediation's life. */
export function commentCommands({ phase }: Remediation): readonly CommandHint[] {
  const hint = (verb: keyof typeof COMMANDS, does: string = COMMANDS[verb].does): CommandHint => {
    const { argument } = COMMANDS[verb];
    return { type: `/healer ${verb}${argument === '' ? '' : ` ${argument}`}`, does };
  };
  if (phase === 'succeeded') return [hint('explain')];
  if (isTerminal(phase)) return [hint('retry'), hint('explain')];
  if (phase === 'awaiting_approval') return [hint('approve'), hint('cancel'), hint('explain')];
  return [hint('retry', 'give the next attempt your words'), hint('route'), hint('cancel'), hint('explain')];
}

/** `/healer status`: one line for each remediation. */
export function statusText(remediations: readonly Remediation[], maxAttempts: number): string {
  if (remediations.length === 0) return 'Nothing is under way here.';
  return remediations
    .map((remediation) => {
      const { text, detail } = happening(remediation, null);
      const spent = remediation.attempts.at(-1)?.number ?? remediation.attemptsBefore;
      const why = detail === null ? '' : ` ${markdownText(cleanLine(detail, 400))}`;
      const agent = remediation.agent === null ? '' : `, ${codeSpan(remediation.agent)}`;
      const where = `${codeSpan(remediation.taskId)} on ${codeSpan(cleanLine(remediation.branch))}`;
      return `- ${where}: **${PHASE_WORDS[remediation.phase].label}**, attempt ${spent} of ${maxAttempts}${agent}. ${text}${why}`;
    })
    .join('\n');
}

/** `/healer explain`: what was decided about a remediation, in the order in which it was. */
export function explainText(
  remediation: Remediation,
  timeline: readonly TimelineEntry[],
  classification: Classification | null,
): string {
  const { reason } = remediation;
  const shown = timeline.slice(-MAX_ENTRIES);
  const left = timeline.length - shown.length;
  const entries = shown.map(
    ({ at, event, message }) =>
      `- ${new Date(at).toISOString().slice(11, 19)} ${codeSpan(event)} ${markdownText(cleanLine(message, 400))}`,
  );
  const routed =
    classification === null
      ? []
      : [
          `**Routing:** ${codeSpan(classification.failureType)} to ${codeSpan(classification.agent)} by rule ${codeSpan(cleanLine(classification.rule))}, ${Math.round(classification.confidence * 100)} % sure. ${markdownText(cleanLine(classification.reason, 400))}`,
        ];
  return [
    `**${PHASE_WORDS[remediation.phase].label}** (${codeSpan(remediation.taskId)})${reason === null ? '' : `, ${codeSpan(reason.code)}: ${markdownText(cleanLine(reason.detail, 400))}`}`,
    ...routed,
    [...(left > 0 ? [`- ${left} earlier entries are not shown.`] : []), ...entries].join('\n'),
  ].join('\n\n');
}
