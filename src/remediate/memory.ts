import { isTerminal, type Remediation } from '../model/remediation.ts';
import type { Result } from './change.ts';
import type { Effect } from './effects.ts';

/** Whatever ended in this step, attempts and the remediation itself, is to be remembered, however it came to its end. */
export function withMemory(before: Remediation, result: Result, now: number): Result {
  const after = result.remediation;
  if (after === before) return result;
  const open = new Set(before.attempts.filter(({ endedAt }) => endedAt === null).map(({ ordinal }) => ordinal));
  const ended = after.attempts.filter(({ endedAt, ordinal }) => endedAt !== null && open.has(ordinal));
  const effects: Effect[] = ended.map(({ ordinal }) => ({ kind: 'remember', about: ordinal }));
  if (isTerminal(after.phase) && !isTerminal(before.phase)) effects.push({ kind: 'remember', about: 'end' });
  if (effects.length === 0) return result;
  return { ...result, effects: [...result.effects, ...effects.map((effect) => ({ effect, dueAt: now }))] };
}
