import { digestOf } from '../../lib/digest.ts';
import { normaliseLine } from './normalise.ts';

/** More distinct lines than this add nothing to telling breakages apart. */
const MAX_LINES = 12;

/**
 * Hex; equal for the same breakage seen again. The lines go in as a set, so order and number of repeats do not matter.
 * @param lines texts of the deciding evidence, or the end of the log when there is none
 */
export function fingerprint(agent: string, failureType: string, lines: readonly string[]): string {
  const distinct = [...new Set(lines.map(normaliseLine))].filter((line) => line !== '').sort();
  return digestOf({ agent, failureType, lines: distinct.slice(0, MAX_LINES).join('\n') }).slice(0, 32);
}
