import * as z from 'zod';
import { digestOf } from '../../lib/digest.ts';
import { cleanName, cleanText } from '../clean.ts';

/*
 * The parts that events of all senders share. What a decision stands on (repository, commit, branch, ids) is checked and
 * refused when wrong, never repaired: a name that was changed would be another name. What only describes (titles, messages,
 * people, links) is cleaned, and left out when it cannot be.
 */

/** Longest reference GitHub takes is 255 bytes; some room for other servers. */
const MAX_REF = 512;
/** What `git check-ref-format` forbids, and a leading `-`, which a command line would take for an option. */
const NOT_A_REF = /^-|^\/|\/$|\/\/|\.\.|@\{|[\u0000- ~^:?*[\\\u007f-\u009f\u2028\u2029]|\.lock(\/|$)|(^|\/)\.|\.$|^@$/;
const REPOSITORY = /^(?!\.{1,2}\/)[A-Za-z0-9._-]{1,100}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;
const SHA = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

export const id = z.int().positive();
export const sha = z.string().regex(SHA, 'must be a commit hash');
export const ref = z
  .string()
  .min(1, 'must not be empty')
  .max(MAX_REF, 'is too long for a git reference')
  .refine((name) => name.isWellFormed() && !NOT_A_REF.test(name), 'must be a git reference name');
export const repositoryName = z.string().regex(REPOSITORY, 'must be owner/name');

/** A name for people and for comparing; one line. */
export const line = z.string().transform((text) => cleanName(text));
/** A name that must be one. */
export const name = line.refine((text) => text.trim() !== '', 'must not be empty');
export const maybeLine = line
  .nullish()
  .catch(null)
  .transform((text) => text || null);
export const maybeText = z
  .string()
  .nullish()
  .catch(null)
  .transform((text) => (text ? cleanText(text) : null));
/** What only describes and is left out when it is not of its kind. */
export const maybe = <T>(kind: z.ZodType<T>): z.ZodType<T | null> =>
  kind
    .nullish()
    .catch(null)
    .transform((value) => value ?? null);

/** A web address without user and password; null for anything else. */
function webAddress(text: string): string | null {
  const url = URL.parse(text);
  return url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' ? url.href : null;
}

/** A link to show; null when it is not an absolute http address. */
export const maybeUrl = z
  .string()
  .max(2_048)
  .nullish()
  .catch(null)
  .transform((text) => (text ? webAddress(text) : null));

/** Longest key kept as it is; PostgreSQL indexes up to 2,700 bytes. */
const MAX_KEY = 512;

/** A key of foreign parts: the parts as they are, or with a digest for the end of what would be too long. */
export function boundedKey(key: string): string {
  return key.length <= MAX_KEY ? key : `${cleanName(key, MAX_KEY - 65)}#${digestOf({ key })}`;
}
