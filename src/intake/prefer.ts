/** Longest wait granted, in seconds: half of what common proxies allow. */
export const MAX_WAIT_SECONDS = 30;

/** One preference: a token, maybe a value (bare or quoted), maybe parameters (RFC 7240, section 2). */
const PREFERENCE = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*)))?\s*(?:;.*)?$/;

/** Splits at commas that are not inside quotes. */
function preferences(header: string): string[] {
  return header.match(/(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
}

/**
 * The seconds that `Prefer: wait=<n>` asks for, at most MAX_WAIT_SECONDS; null when it does not ask, or not in whole
 * seconds. The first `wait` counts, as the RFC says; other preferences do not matter here.
 */
export function preferredWait(header: string | readonly string[] | undefined): number | null {
  if (header === undefined) return null;
  const text = (typeof header === 'string' ? header : header.join(',')).slice(0, 1_024);
  for (const preference of preferences(text)) {
    const match = PREFERENCE.exec(preference);
    if (match?.[1]?.toLowerCase() !== 'wait') continue;
    const seconds = match[2] ?? match[3] ?? '';
    return /^\d{1,9}$/.test(seconds) ? Math.min(Number(seconds), MAX_WAIT_SECONDS) : null;
  }
  return null;
}
