import { digestOf } from '../../lib/digest.ts';
import { normaliseLine, roughKey } from './normalise.ts';

/** More distinct lines than this add nothing to telling breakages apart. */
const MAX_LINES = 12;
const MAX_LOOKED_AT = 60;

/**
 * Hex; equal for the same breakage seen again. The lines go in as a set, so order and number of repeats do not matter.
 * @param lines texts of the deciding evidence, or the end of the log when there is none
 */
export function fingerprint(agent: string, failureType: string, lines: readonly string[]): string {
  const rough = new Map(lines.slice(0, MAX_LOOKED_AT).map((line) => [roughKey(line), line]));
  const distinct = [...new Set([...rough.values()].map(normaliseLine))].filter((line) => line !== '').sort();
  return digestOf({ agent, failureType, lines: distinct.slice(0, MAX_LINES).join('\n') }).slice(0, 32);
}
