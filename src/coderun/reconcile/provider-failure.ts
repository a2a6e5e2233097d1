/**
 * Sentences by which agent CLIs and the model APIs behind them say that the agent could not think at all: the words of
 * the Anthropic and OpenAI error types, HTTP 429 and 5xx as the CLIs print them, spent budgets and refused keys.
 */
const SIGNS: readonly RegExp[] = [
  /\b(overloaded_error|rate_limit_error|api_error|authentication_error|billing_error|insufficient_quota)\b/i,
  /\bAPI Error:? \(?(429|5\d\d)\b/i,
  /\b(429|5\d\d) (Too Many Requests|Internal Server Error|Bad Gateway|Service Unavailable|Gateway Timeout|Overloaded)\b/i,
  /\bcredit balance is too low\b/i,
  /\b(usage|spending|budget|quota) (limit|cap) (was |has been )?(reached|exceeded)\b/i,
  /\b(exceeded|reached) your (current )?(quota|usage limit|monthly (spend|budget))/i,
  /\b(invalid|incorrect) (x-)?api[ -]key\b/i,
  /\bplease (run \/login|log in|sign in)\b/i,
];

/** Only the very end says why a CLI gave up; an agent may well have worked on somebody else's rate limit before. */
const LAST_LINES = 15;

/** The line in which the provider's failure is told; null when the output ends in something else. */
export function providerFailure(outputTail: string): string | null {
  const lines = outputTail
    .split('\n')
    .map((line) => line.replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, '').trim())
    .filter((line) => line !== '' && !line.startsWith('healer: '));
  const line = lines.slice(-LAST_LINES).findLast((text) => SIGNS.some((sign) => sign.test(text.slice(0, 2000))));
  return line === undefined ? null : line.slice(0, 300);
}
