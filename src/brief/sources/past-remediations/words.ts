import type { SimilarOutcome } from '../../../store/outcomes.ts';

/** Of each group; the nearest come first. */
const MAX_SHOWN = 6;
const MAX_TEXT = 500;

const GROUPS: readonly { readonly title: string; readonly holds: (outcome: SimilarOutcome) => boolean }[] = [
  { title: 'What held:', holds: ({ outcome, held }) => outcome === 'success' && held !== false },
  {
    title: 'What turned it green, but it came back:',
    holds: ({ outcome, held }) => outcome === 'success' && held === false,
  },
  { title: 'What did not help (do not repeat it):', holds: ({ outcome }) => outcome !== 'success' },
];

/**
 * The outcomes in groups. What an agent wrote in another owner's repository stays there: of those only the agent and
 * how it ended are told.
 */
export function pastInWords(
  outcomes: readonly SimilarOutcome[],
  repository: string,
): { readonly body: string; readonly truncated: boolean } {
  const groups = GROUPS.map(({ title, holds }) => ({ title, members: outcomes.filter(holds) }));
  const lines = groups
    .filter(({ members }) => members.length > 0)
    .map(({ title, members }) =>
      [title, ...members.slice(0, MAX_SHOWN).map((outcome) => outcomeInWords(outcome, ownerOf(repository)))].join('\n'),
    );
  return { body: lines.join('\n\n'), truncated: groups.some(({ members }) => members.length > MAX_SHOWN) };
}

const ownerOf = (repository: string): string => repository.split('/')[0]?.toLowerCase() ?? '';
const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}…` : line;
};

function outcomeInWords(outcome: SimilarOutcome, owner: string): string {
  const { match, failureType, agent, number, endedAt } = outcome;
  const likeness =
    match === 'fingerprint' ? 'the same breakage' : match === 'words' ? `${failureType}, in like words` : failureType;
  if (ownerOf(outcome.repository) !== owner) {
    return `- ${day(endedAt)}, elsewhere, ${likeness}, ${agent}, attempt ${number}: ${outcome.outcome}`;
  }
  const place = outcome.sameRepository ? 'here' : `in ${outcome.repository}`;
  const ending = outcome.outcome === 'success' || outcome.detail === '' ? '' : ` (${oneLine(outcome.detail)})`;
  const red = outcome.stillRed.length === 0 ? '' : ` Still red: ${outcome.stillRed.join(', ')}.`;
  const said = outcome.approach === '' ? '' : ` It said: ${oneLine(outcome.approach)}`;
  return `- ${day(endedAt)}, ${place} (${outcome.taskId}), ${likeness}, ${agent}, attempt ${number}: ${outcome.outcome}${ending}.${red}${said}`;
}
