/** What a head commit's message may say to keep Healer away (DESIGN section 4). Sensor and hub know the same ones. */
export const SKIP_FLAGS = ['[skip-healer]', '[healer skip]', '[skip-ci-remediation]'] as const;

/** The flag that the message carries, or null. Upper and lower case are the same. */
export function hasSkipFlag(message: string | null): string | null {
  if (message === null) return null;
  const text = message.toLowerCase();
  return SKIP_FLAGS.find((flag) => text.includes(flag)) ?? null;
}
