export interface LogLine {
  readonly stream: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Nanoseconds since the epoch, as digits: the exact order. */
  readonly order: string;
  readonly text: string;
}

/** Lines that differ only in numbers, ids and times: the first of them, and how many there are. */
export interface LineKind {
  readonly first: LogLine;
  readonly lastAt: number;
  readonly count: number;
}

const MAX_LINE = 500;
/** Labels that tell where a line comes from, without repeating what the query asked for. */
const PLACE_LABELS = ['namespace', 'pod', 'container', 'instance', 'host'] as const;

/** Groups alike lines, oldest first; the same line read by two queries counts once. */
export function digestLines(lines: readonly LogLine[]): readonly LineKind[] {
  const unique = new Map(lines.map((line) => [`${line.order} ${placeOf(line)} ${line.text}`, line]));
  const kinds = new Map<string, LineKind>();
  const ordered = [...unique.values()].toSorted(
    (a, b) => a.order.length - b.order.length || (a.order < b.order ? -1 : 1),
  );
  for (const line of ordered) {
    const key = patternOf(line.text);
    const known = kinds.get(key);
    kinds.set(key, { first: known?.first ?? line, lastAt: line.at, count: (known?.count ?? 0) + 1 });
  }
  return [...kinds.values()];
}

/** What is left when ids, addresses and numbers are taken out. */
function patternOf(text: string): string {
  return text
    .slice(0, MAX_LINE)
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b0x[0-9a-f]+\b|\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi, '#')
    .replace(/\d+/g, '#');
}

export function lineInWords({ first, lastAt, count }: LineKind): string {
  const place = placeOf(first);
  const times = count === 1 ? '' : ` (${count} times, the last at ${new Date(lastAt).toISOString()})`;
  const text = first.text.length > MAX_LINE ? `${first.text.slice(0, MAX_LINE)}…` : first.text;
  return `${new Date(first.at).toISOString()} ${place === '' ? '' : `[${place}] `}${text.trimEnd()}${times}`;
}

function placeOf({ stream }: LogLine): string {
  return PLACE_LABELS.flatMap((label) => stream[label] ?? []).join('/');
}
