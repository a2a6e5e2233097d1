import type { Parsed, RepositoryConfig } from './schema.ts';

/** What came of reading a repository's configuration. */
export type ConfigReading =
  | Parsed
  /** There is none; nothing is taken away. */
  | { readonly kind: 'absent' }
  /** GitHub does not let us see it. */
  | { readonly kind: 'unreadable'; readonly problem: string };

const KINDS: readonly string[] = ['valid', 'invalid', 'absent', 'unreadable'] satisfies ConfigReading['kind'][];

/** A reading as it was stored, by this program; null when there is none, or none of this version. */
export function asReading(stored: unknown): ConfigReading | null {
  const { kind, config } = (stored ?? {}) as { kind?: unknown; config?: Partial<RepositoryConfig> };
  if (typeof kind !== 'string' || !KINDS.includes(kind)) return null;
  if (kind === 'valid' && typeof config?.maxAttempts !== 'number') return null;
  return stored as ConfigReading;
}
