import { sha256 } from '../lib/digest.ts';

/** Kubernetes' limit for names that also stand in labels. */
const MAX = 63;
const SUFFIX = 8;

/**
 * A name of lower-case letters, digits and dashes, both ends alphanumeric, at most `max` characters. What had to be
 * cut is replaced by a hash of the whole, so that two long names stay two names.
 */
export function objectName(text: string, max: number = MAX): string {
  const clean = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  if (clean !== '' && clean.length <= max) return clean;
  const kept = clean.slice(0, max - SUFFIX - 1).replace(/-+$/, '');
  const hash = sha256(text).slice(0, SUFFIX);
  return kept === '' ? `x-${hash}` : `${kept}-${hash}`;
}
