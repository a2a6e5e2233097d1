/** Longest wait granted, in seconds: half of what common proxies allow. */
export const MAX_WAIT_SECONDS = 30;

/** One preference: a token, maybe a value (bare or quoted), maybe parameters (RFC 7240, section 2). */
const PREFERENCE = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*)))?\s*(?:;.*)?$/;

/** Splits at commas that are not inside quotes. */
function preferences(header: string): string[] {
  return header.match(/(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
}

/** What a sender asks for with `Prefer` (RFC 7240). */
export interface Preference {
  /** `wait`: seconds, at most MAX_WAIT_SECONDS; null when it does not ask, or not in whole seconds. */
  readonly wait: number | null;
  /** `respond-async`: the answer need not say what was decided. */
  readonly respondAsync: boolean;
}

const NONE: Preference = { wait: null, respondAsync: false };

/** The first `wait` counts, as the RFC says; other preferences do not matter here. */
export function preferred(header: string | readonly string[] | undefined): Preference {
  if (header === undefined) return NONE;
  const text = (typeof header === 'string' ? header : header.join(',')).slice(0, 1_024);
  let wait: string | null = null;
  let respondAsync = false;
  for (const preference of preferences(text)) {
    const match = PREFERENCE.exec(preference);
    const name = match?.[1]?.toLowerCase();
    if (name === 'wait') wait ??= match?.[2] ?? match?.[3] ?? '';
    if (name === 'respond-async') respondAsync = true;
  }
  return { wait: wait === null ? null : secondsOf(wait), respondAsync };
}

function secondsOf(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Math.min(Number(text), MAX_WAIT_SECONDS) : null;
}
