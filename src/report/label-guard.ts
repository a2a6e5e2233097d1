/** The value of every label that came too late to get a series of its own. */
export const OTHER = 'other';

const TOO_LONG = 100;

/**
 * Keeps the number of a metric's series bounded: the first `limit` different values pass, later ones become `other`.
 * Event names and repositories come from outside, and a series is never forgotten by Prometheus within its retention.
 */
export function createLabelGuard(limit: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (value === '' || value.length > TOO_LONG || known.size >= limit) return OTHER;
    known.add(value);
    return value;
  };
}
