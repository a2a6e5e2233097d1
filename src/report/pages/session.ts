import { createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../lib/clock.ts';
import { sha256 } from '../../lib/digest.ts';
import type { PageTokens } from '../api/deps.ts';

/** What whoever asks may do. */
export type Level = 'read' | 'write';

/** A person who signed in. */
export interface Session {
  readonly level: Level;
  /** The token it stands for. */
  readonly token: string;
  /** Who it says to be, for timelines; null when no name was given. */
  readonly name: string | null;
  /** What the form tokens of this session are made from. */
  readonly nonce: string;
}

export interface Sessions {
  /** No token is configured: nobody has to sign in. */
  readonly isOpen: boolean;
  /** What a token may do; null when it is none of the configured ones. */
  levelOf(token: string): Level | null;
  /** The value of a new session's cookie. */
  begin(token: string, name: string | null): string;
  /** Null when the cookie is not ours, too old, ended, or made from a token that is not configured any more. */
  read(cookie: string): Session | null;
  /** In this process the cookie means nothing any more. */
  end(cookie: string): void;
  /** What a form of this session has to bring with it. */
  formToken(nonce: string): string;
  isFormToken(nonce: string, given: string): boolean;
}

/** A working day. */
export const SESSION_MS = 12 * 60 * 60_000;
/** Ended sessions that are remembered; they expire by themselves within SESSION_MS. */
const ENDED = 10_000;
const COOKIE = /^v1\.(\d{1,16})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{0,400})\.([A-Za-z0-9_-]{43})$/;

/**
 * Sessions that nobody keeps: the cookie is signed with a key made from the very token that was signed in with, so it is
 * good in every replica and after a restart, and worth nothing as soon as that token is taken out of the settings. The
 * key is slow to make, so that a cookie does not help in guessing the token.
 */
export function createSessions(tokens: PageTokens, clock: Clock): Sessions {
  const known = new Map<string, Level>();
  for (const token of tokens.read.filter(Boolean)) known.set(token, 'read');
  for (const token of tokens.write.filter(Boolean)) known.set(token, 'write');
  const ended = new LRUCache<string, true>({ max: ENDED });
  // Without credentials only this machine is served, by one process.
  const formKey = known.size === 0 ? randomBytes(32) : null;
  const keyOfForms = () => formKey ?? keyOf([...known.keys()].join('\n'));

  return {
    isOpen: known.size === 0,
    levelOf: (token) => {
      let level: Level | null = null;
      // All are compared, and digests of equal length, so that the time taken tells nothing.
      for (const [candidate, its] of known) if (isEqual(sha256(token), sha256(candidate))) level = its;
      return level;
    },
    begin(token, name) {
      const nonce = randomBytes(16).toString('base64url');
      const head = `v1.${clock() + SESSION_MS}.${nonce}.${Buffer.from(name ?? '').toString('base64url')}`;
      return `${head}.${sign(keyOf(token), head)}`;
    },
    read(cookie) {
      const [, until = '', nonce = '', text = '', signature = ''] = COOKIE.exec(cookie) ?? [];
      if (nonce === '' || Number(until) <= clock() || ended.has(nonce)) return null;
      const head = cookie.slice(0, cookie.lastIndexOf('.'));
      for (const [token, level] of known) {
        if (!isEqual(signature, sign(keyOf(token), head))) continue;
        const name = Buffer.from(text, 'base64url').toString('utf8');
        return { level, token, nonce, name: name === '' ? null : name };
      }
      return null;
    },
    end(cookie) {
      const nonce = COOKIE.exec(cookie)?.[2];
      if (nonce !== undefined) ended.set(nonce, true);
    },
    formToken: (nonce) => sign(keyOfForms(), `form ${nonce}`),
    isFormToken: (nonce, given) => isEqual(given, sign(keyOfForms(), `form ${nonce}`)),
  };
}

/** Made once: it takes as long as a page. By digest, so that no token is kept here. */
const KEYS = new LRUCache<string, Buffer>({ max: 50 });

function keyOf(token: string): Buffer {
  const name = sha256(token);
  const key = KEYS.get(name) ?? scryptSync(token, 'healer: sessions of the status pages', 32);
  KEYS.set(name, key);
  return key;
}

function sign(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

function isEqual(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a.padEnd(1)), Buffer.from(b.padEnd(1)));
}
