import { digestOf } from '../../lib/digest.ts';
import { normaliseLines, roughKey } from './normalise.ts';

/** More distinct lines than this add nothing to telling breakages apart. */
const MAX_LINES = 12;
const MAX_LOOKED_AT = 60;

/**
 * Hex; equal for the same breakage seen again. The lines go in as a set, so order and number of repeats do not matter.
 * @param lines texts of the deciding evidence, or the end of the log when there is none
 */
export function fingerprint(agent: string, failureType: string, lines: readonly string[]): string {
  const sorted = normaliseLines(withoutRepeats(lines)).sort();
  return digestOf({ agent, failureType, lines: firstDistinct(sorted).join('\n') }).slice(0, 32);
}

/** Of lines that are alike but for their digits, the last one. */
function withoutRepeats(lines: readonly string[]): string[] {
  const byKey = new Map<string, string>();
  for (const line of lines.slice(0, MAX_LOOKED_AT)) byKey.set(roughKey(line), line);
  return [...byKey.values()];
}

function firstDistinct(sorted: readonly string[]): string[] {
  const distinct: string[] = [];
  for (const line of sorted) {
    if (line !== '' && line !== distinct[distinct.length - 1]) distinct.push(line);
    if (distinct.length === MAX_LINES) break;
  }
  return distinct;
}
