import { escapeMarkup } from './names.ts';
import type { Span } from './span.ts';

/** Shorter values are words of the language: replacing them would make every text unreadable. */
const SHORTEST = 6;
/** Lines of a multi-line value that are worth finding alone. */
const SHORTEST_LINE = 16;
const TYPE = 'healer-setting';

/** Every form in which a program prints such a value, with the value that it is a form of. */
export function settingForms(secrets: readonly string[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const secret of secrets) {
    const value = secret.trim();
    if (value.length < SHORTEST) continue;
    for (const form of formsOf(value)) if (form.length >= SHORTEST && !owners.has(form)) owners.set(form, value);
  }
  return owners;
}

/** Finds the values of our own settings, in every form in which a program prints such a value. */
export function configuredSecrets(secrets: readonly string[]): (text: string) => readonly Span[] {
  const owners = settingForms(secrets);
  if (owners.size === 0) return () => [];
  // Longest first: an alternation takes the first branch that matches.
  const forms = [...owners.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'g');
  return (text) =>
    [...text.matchAll(pattern)].map((match) => ({
      type: TYPE,
      start: match.index,
      end: match.index + match[0].length,
      identity: owners.get(match[0]) ?? match[0],
    }));
}

function formsOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n|\\n/).map((line) => line.trim());
  const parts =
    lines.length === 1 ? [] : lines.filter((line) => line.length >= SHORTEST_LINE && !line.startsWith('-----'));
  const whole = [value, value.replaceAll('\\n', '\n')];
  const encoded = whole.flatMap((form) => [
    encodeURIComponent(form),
    encodeURIComponent(form).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    encodeURIComponent(form).replaceAll('%20', '+'),
    JSON.stringify(form).slice(1, -1),
    Buffer.from(form).toString('hex'),
    Buffer.from(form).toString('hex').toUpperCase(),
    escapeMarkup(form),
    form.replaceAll("'", `'\\''`),
    ...base64Forms(form),
  ]);
  return [...whole, ...encoded, ...parts, ...parts.flatMap(base64Forms)].filter((form) => form !== '');
}

/**
 * Base64 of the value at each of the three places it can have in a longer text (`user:value`), without the characters
 * that depend on its neighbours, in both alphabets, whole and in the lines of 64 and 76 that tools wrap at.
 */
function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const forms = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const from = shift === 0 ? 0 : shift + 1;
    const to = (shift + bytes.length) % 3 === 0 ? text.length : text.length - 1;
    return text.slice(from, to);
  });
  const long = forms.filter((form) => form.length >= SHORTEST + 2);
  const wrapped = (long[0] ?? '').length > 64 ? [64, 76].flatMap((width) => wrap(long[0] ?? '', width)) : [];
  return [...long, ...wrapped].flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

function wrap(text: string, width: number): readonly string[] {
  const lines = text.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
  return lines.filter((line) => line.length >= SHORTEST_LINE);
}
