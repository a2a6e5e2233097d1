const isDigit = (unit: number): boolean => unit >= 48 && unit <= 57;

/** Positions of the digits in `2026-11-20T06:01:02`, and of what stands between them. */
const DIGITS = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18];
const LENGTH = 19;

/**
 * Where a time stamp ends at the beginning of a text that looks as GitHub Actions writes it (`2026-11-20T06:01:02.1234567Z `),
 * with one blank behind it; -1 when there is none or it looks in any way different, for a pattern to decide. lines.wat does
 * the same for bytes.
 */
export function stampEndOf(text: string): number {
  const end = text.length;
  if (end < LENGTH + 3 || text.charCodeAt(10) !== 84 || text.charCodeAt(LENGTH) !== 46) return -1;
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return -1;
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return -1;
  for (let i = 0; i < DIGITS.length; i++) if (!isDigit(text.charCodeAt(DIGITS[i]!))) return -1;
  let at = LENGTH + 1;
  while (at < end && isDigit(text.charCodeAt(at))) at++;
  if (at === LENGTH + 1 || at >= end || text.charCodeAt(at) !== 90) return -1;
  at++;
  if (at === end) return at;
  const next = text.charCodeAt(at);
  // A bracket may belong to the stamp.
  if (next === 41 || next === 93) return -1;
  return next === 32 || next === 9 ? at + 1 : at;
}
