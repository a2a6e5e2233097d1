import type Handlebars from 'handlebars';
import { codeSpan, fence, shellQuote } from '../../safety/index.ts';
import { Untrusted } from './untrusted.ts';

type Environment = typeof Handlebars;

const HELPERS = ['code', 'shell', 'json', 'fence', 'percent'] as const;

/** Only these, besides `if`, `unless` and `each`, may be used; anything else fails at load. */
export const KNOWN_HELPERS = Object.fromEntries(HELPERS.map((name) => [name, true]));

/** The only ways in which text from outside gets into a prompt. A missing argument is an error, not an empty place. */
export function registerHelpers(handlebars: Environment): void {
  handlebars.registerHelper('code', (value: unknown) => codeSpan(noFence(textOf(value, 'code'))));
  handlebars.registerHelper('shell', (value: unknown) => shellQuote(textOf(value, 'shell')));
  handlebars.registerHelper('json', (value: unknown) => JSON.stringify(textOf(value, 'json')));
  handlebars.registerHelper('percent', (value: unknown) => `${Math.round(Number(textOf(value, 'percent')) * 100)} %`);
  handlebars.registerHelper('fence', (value: unknown, label: unknown, options: Handlebars.HelperOptions) =>
    fence(textOf(value, 'fence'), { label: textOf(label, 'fence'), nonce: textOf(options.data.root.nonce, 'fence') }),
  );
  for (const name of ['if', 'unless', 'each'] as const) requireArgument(handlebars, name);
}

/** A name that looks like an end of a fence would be read as one by whoever does not look at the line's beginning. */
function noFence(name: string): string {
  return name.replaceAll('<<<DATA', '<<< DATA').replaceAll('>>>', '>> >');
}

/** Handlebars takes an unknown name behind a block helper for "no"; here it is a mistake in the template. */
function requireArgument(handlebars: Environment, name: 'if' | 'unless' | 'each'): void {
  const original = handlebars.helpers[name] as Handlebars.HelperDelegate;
  handlebars.registerHelper(name, function (this: unknown, value: unknown, options: unknown) {
    if (value === undefined) throw new Error(`{{#${name}}} has an argument that does not exist`);
    return original.call(this, value, options);
  });
}

function textOf(value: unknown, helper: string): string {
  if (value instanceof Untrusted) return value.read();
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Error(`{{${helper}}} has an argument that does not exist or is no text`);
}
