/** Many escalations in a short time mean that something is wrong with more than one branch: spending pauses by itself. */
export type Breaker =
  | { readonly state: 'closed' }
  | { readonly state: 'open'; readonly until: number }
  /** The pause is over, but nothing has held since: one CodeRun at a time until one does. */
  | { readonly state: 'half_open' };

/**
 * Open while the `failures`-th last escalation is younger than the window. Half-open for one more window after that,
 * or until a remediation succeeds. All times in milliseconds since the epoch; null when there was none.
 */
export function breakerOf(
  seen: {
    readonly nthLastEscalation: number | null;
    readonly lastEscalation: number | null;
    readonly lastSuccess: number | null;
  },
  windowMs: number,
  now: number,
): Breaker {
  const { nthLastEscalation: nth, lastEscalation: last, lastSuccess } = seen;
  if (nth === null || last === null || last - nth >= windowMs) return { state: 'closed' };
  const until = nth + windowMs;
  if (now < until) return { state: 'open', until };
  const hasHeld = lastSuccess !== null && lastSuccess > last;
  return now < until + windowMs && !hasHeld ? { state: 'half_open' } : { state: 'closed' };
}
