import type { CliContext } from '../context.ts';

export type Voice = 'github' | 'healer' | 'agent' | 'demo';

export interface Narrator {
  /** One line with the time since the start and who speaks. */
  say(voice: Voice, text: string, tone?: Tone): void;
  /** Text without time and speaker. */
  plain(text: string): void;
}

export type Tone = 'plain' | 'good' | 'bad' | 'quiet';

const RESET = '\u001b[0m';
const TONES: Readonly<Record<Tone, string>> = { plain: '', good: '\u001b[32m', bad: '\u001b[31m', quiet: '\u001b[2m' };
const VOICES: Readonly<Record<Voice, string>> = {
  github: '\u001b[35m',
  healer: '\u001b[36m',
  agent: '\u001b[33m',
  demo: '\u001b[2m',
};

/** Tells on the terminal what happens, with colour only where a person looks and did not ask for none. */
export function createNarrator({ stdout, env }: CliContext, now: () => number): Narrator {
  const started = now();
  const isColourful = stdout.isTTY === true && !env['NO_COLOR'];
  const paint = (code: string, text: string): string => (isColourful && code !== '' ? `${code}${text}${RESET}` : text);
  return {
    say: (voice, text, tone = 'plain') => {
      const seconds = ((now() - started) / 1000).toFixed(1).padStart(5);
      const [first = '', ...rest] = text.split('\n');
      stdout.write(`${seconds} s  ${paint(VOICES[voice], voice.padEnd(6))}  ${paint(TONES[tone], first)}\n`);
      for (const line of rest) stdout.write(`${' '.repeat(17)}${paint(TONES[tone], line)}\n`);
    },
    plain: (text) => {
      stdout.write(`${text}\n`);
    },
  };
}
