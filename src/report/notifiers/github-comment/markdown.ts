import { codeSpan } from '../../../safety/names.ts';

/** A fenced block that its content cannot close: the fence is longer than every run of backticks inside. */
export function fencedBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text.replace(/\n+$/, '')}\n${fence}`;
}

/** A code span inside a table, where a pipe would end the cell even in code. */
export function codeCell(text: string): string {
  return codeSpan(text).replaceAll('|', '\\|');
}

/** An address as a link; the bare label when the address is not one a reader should follow. `label` is Markdown of ours. */
export function link(label: string, url: string | null): string {
  const safe = webAddress(url);
  return safe === null ? label : `[${label}](<${safe}>)`;
}

/** Longer than any address GitHub gives a run or a job. */
const MAX_URL = 600;

/** The address if it is http(s), normalised; null otherwise. It came from outside. */
function webAddress(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null;
  const parsed = new URL(url);
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') return null;
  if (parsed.href.length > MAX_URL) return null;
  return parsed.href.replace(/[<>]/g, encodeURIComponent);
}
