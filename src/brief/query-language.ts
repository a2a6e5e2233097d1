import { labelValue } from '../safety/index.ts';

/**
 * Values from outside inside queries of ours. Every language gets its own quoting; nothing is ever pasted in as it is.
 *
 * PromQL and LogQL read strings as Go does: https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals,
 * https://grafana.com/docs/loki/latest/query/#log-stream-selector.
 */

/** What a template may ask for, by name; null when it is not known of this failure. */
export interface QueryValues {
  /** `owner/name`. */
  readonly repository: string;
  readonly owner: string;
  readonly name: string;
  /** What the failing thing is called where it runs. */
  readonly service: string | null;
  readonly namespace: string | null;
  readonly branch: string | null;
}

export type Placeholder = keyof QueryValues;

export const PLACEHOLDERS = ['repository', 'owner', 'name', 'service', 'namespace', 'branch'] as const;

/** A query with its values in it, or the name of the value it lacks. */
export type Filled =
  | { readonly query: string; readonly missing: null }
  | { readonly query: null; readonly missing: Placeholder };

interface Part {
  readonly kind: 'code' | 'comment' | 'quoted' | 'raw';
  readonly text: string;
}

/** Strings, raw strings and comments of PromQL and LogQL; an unfinished string runs to the end. */
const TOKENS =
  /(?<quoted>"(?:\\[\s\S]|[^"\\])*(?:"|$)|'(?:\\[\s\S]|[^'\\])*(?:'|$))|(?<raw>`[^`]*(?:`|$))|(?<comment>#[^\n]*)/g;
/** `{name}`; the `{{.name}}` of a line format is none. */
const HOLES = /(?<!\{)\{([A-Za-z_]+)\}/g;
/** What stands before a regular expression: label matchers and line filters. */
const BEFORE_REGEX = /(?:=~|!~|\|~)\s*$/;

function parts(template: string): readonly Part[] {
  const found: Part[] = [];
  let at = 0;
  for (const match of template.matchAll(TOKENS)) {
    found.push({ kind: 'code', text: template.slice(at, match.index) });
    const { quoted, raw } = match.groups ?? {};
    const kind = quoted !== undefined ? 'quoted' : raw !== undefined ? 'raw' : 'comment';
    found.push({ kind, text: match[0] });
    at = match.index + match[0].length;
  }
  return [...found, { kind: 'code', text: template.slice(at) }];
}

const isKnown = (name: string): name is Placeholder => (PLACEHOLDERS as readonly string[]).includes(name);

/**
 * What is wrong with a template for PromQL or LogQL, as one sentence; null when nothing is. A placeholder stands inside
 * a quoted string, because only there a value can be escaped.
 */
export function templateProblem(template: string): string | null {
  for (const { kind, text } of parts(template)) {
    for (const [hole, name = ''] of text.matchAll(HOLES)) {
      if (kind === 'quoted' && !isKnown(name)) {
        return `there is no placeholder ${hole}; known: ${PLACEHOLDERS.map((known) => `{${known}}`).join(', ')}`;
      }
      if (kind !== 'quoted' && isKnown(name)) return `${hole} has to stand inside double quotes`;
    }
    if (kind === 'quoted' && (text.length < 2 || text.at(-1) !== text[0])) return `the string ${text} does not end`;
    if (kind === 'raw' && (text.length < 2 || text.at(-1) !== '`')) return `the string ${text} does not end`;
  }
  return null;
}

/** Puts the values into the strings of a template for PromQL or LogQL; in a regular expression they match themselves. */
export function fillTemplate(template: string, values: QueryValues): Filled {
  let missing: Placeholder | null = null;
  let before = '';
  const pieces = parts(template).map(({ kind, text }) => {
    const isRegex = BEFORE_REGEX.test(before);
    before = text;
    if (kind !== 'quoted') return text;
    return text.replace(HOLES, (hole, name: string) => {
      if (!isKnown(name)) return hole;
      const value = values[name];
      if (value === null || value === '') missing ??= name;
      return goString(isRegex ? regexLiteral(value ?? '') : (value ?? ''));
    });
  });
  return missing === null ? { query: pieces.join(''), missing } : { query: null, missing };
}

/**
 * Text for the inside of a Go string in single or double quotes. Quotes, backslashes and everything that is not
 * printable ASCII become escapes, so that nothing depends on what a lexer takes for a line end or a quote.
 */
export function goString(text: string): string {
  return text.toWellFormed().replace(/[^\x20-\x7e]|["'`\\]/gu, (character) => {
    if (character === '\\') return '\\\\';
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** A regular expression (RE2) that matches the text itself. */
export function regexLiteral(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

/**
 * A matcher for the `filter` parameter of Alertmanager's API. Its parser knows three escapes (`\\`, `\"`, `\n`) and takes
 * the backslash of every other literally: https://prometheus.io/docs/alerting/latest/configuration/#matcher.
 */
export function alertMatcher(label: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(label)) throw new Error(`${label} is not the name of a label`);
  const quoted = value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `${label}="${quoted}"`;
}

const LABEL_KEY = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** What is wrong with the template of a label selector (`key=value`, separated by commas); null when nothing is. */
export function selectorProblem(template: string): string | null {
  for (const [requirement, key, value] of requirements(template)) {
    if (!LABEL_KEY.test(key)) return `“${requirement}” is not key=value with the key of a label`;
    for (const [hole, name = ''] of value.matchAll(HOLES)) {
      if (!isKnown(name)) return `there is no placeholder ${hole}`;
    }
    if (!/^[A-Za-z0-9._-]*$/.test(value.replace(HOLES, ''))) return `“${requirement}” has a value that no label has`;
  }
  return null;
}

/** A label selector of Kubernetes; values become valid ones as they do where labels are written (`acme/shop` is `acme-shop`). */
export function fillSelector(template: string, values: QueryValues): Filled {
  let missing: Placeholder | null = null;
  const pieces = requirements(template).map(([, key, value]) => {
    const filled = value.replace(HOLES, (hole, name: string) => {
      if (!isKnown(name)) return hole;
      const known = values[name];
      if (known === null || known === '') missing ??= name;
      return known ?? '';
    });
    return `${key}=${labelValue(filled)}`;
  });
  return missing === null ? { query: pieces.join(','), missing } : { query: null, missing };
}

function requirements(template: string): readonly (readonly [whole: string, key: string, value: string])[] {
  return template.split(',').map((part) => {
    const at = part.indexOf('=');
    return [part.trim(), part.slice(0, Math.max(0, at)).trim(), part.slice(at + 1).trim()];
  });
}
