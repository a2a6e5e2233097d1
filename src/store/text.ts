/** U+FFFD, which Unicode means to stand for what could not be represented. */
const REPLACEMENT = '\ufffd';

/**
 * A query parameter as both databases can keep it: PostgreSQL refuses NUL in text, and neither keeps half a surrogate
 * pair. Both become U+FFFD, in what is written and in what is looked for, so that a name still finds its row and one
 * odd character cannot make a delivery fail for ever. Bytes and JSON documents (which escape both) pass unchanged.
 */
export function spellable(parameter: unknown): unknown {
  if (typeof parameter !== 'string') return parameter;
  const text = parameter.includes('\u0000') ? parameter.replaceAll('\u0000', REPLACEMENT) : parameter;
  return text.toWellFormed();
}
