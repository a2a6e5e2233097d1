import { Argument, type Command } from 'commander';
import type { CliContext } from './context.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** Adds `completion`: a script for the shell, made from the commands and options that there are. */
export function registerCompletion(program: Command, context: CliContext): void {
  program
    .command('completion')
    .description('Print what teaches a shell the commands and options: `source <(healer completion bash)`.')
    .addArgument(new Argument('<shell>', 'which shell').choices([...SHELLS]))
    .action((shell: Shell) => {
      context.stdout.write(SCRIPTS[shell](placesOf(program)));
    });
}

/** What may stand at one place of the command line: behind the program's name, or behind a command's. */
interface Place {
  /** The commands before it, without the program: `remediations list`; empty at the beginning. */
  readonly path: string;
  readonly words: readonly Word[];
  /** Options that take one of these values. */
  readonly choices: readonly { readonly option: string; readonly values: readonly string[] }[];
}

interface Word {
  readonly text: string;
  readonly about: string;
}

function placesOf(command: Command, path = ''): readonly Place[] {
  const commands = command.commands.map((child) => ({ text: child.name(), about: child.description() }));
  if (commands.length > 0) commands.push({ text: 'help', about: 'show help for a command' });
  const options = command.options.map((option) => ({ text: option.long ?? option.flags, about: option.description }));
  const values = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
  const own: Place = {
    path,
    words: [
      ...commands,
      ...values.map((text) => ({ text, about: '' })),
      ...options,
      { text: '--help', about: 'show help' },
    ],
    choices: command.options.flatMap(({ long, argChoices }) =>
      long && argChoices ? [{ option: long, values: argChoices }] : [],
    ),
  };
  return [own, ...command.commands.flatMap((child) => placesOf(child, `${path} ${child.name()}`.trim()))];
}

const SCRIPTS: Readonly<Record<Shell, (places: readonly Place[]) => string>> = {
  bash: (places) => `${bashFunction(places)}\ncomplete -o default -F _healer healer\n`,
  zsh: (places) =>
    `autoload -U +X compinit && compinit -u\nautoload -U +X bashcompinit && bashcompinit\n${bashFunction(places)}\ncomplete -o default -F _healer healer\n`,
  fish: fishScript,
};

/** Names of commands and options need no quoting; nothing here comes from outside of the program. */
function bashFunction(places: readonly Place[]): string {
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`);
  const cases = places.flatMap(({ path, words, choices }) => [
    ...choices.map(({ option, values }) => `    "${path}:${option}") words="${values.join(' ')}" ;;`),
    `    "${path}:"*) words="${words.map(({ text }) => text).join(' ')}" ;;`,
  ]);
  return `_healer() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" next words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
      ${paths.join('|')}) path="$next" ;;
    esac
  done
  case "$path:$prev" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}`;
}

function fishScript(places: readonly Place[]): string {
  const names = (path: string): readonly string[] =>
    places.flatMap((place) => {
      const rest =
        path === '' ? place.path : place.path.startsWith(`${path} `) ? place.path.slice(path.length + 1) : '';
      return rest === '' || rest.includes(' ') ? [] : [rest];
    });
  const lines = places.flatMap(({ path, words, choices }) => {
    const seen = path
      .split(' ')
      .filter(Boolean)
      .map((name) => `__fish_seen_subcommand_from ${name}`);
    const later = names(path);
    const none = later.length === 0 ? [] : [`not __fish_seen_subcommand_from ${later.join(' ')}`];
    const condition = [...seen, ...none].join('; and ');
    const when = condition === '' ? '' : ` -n '${condition}'`;
    return words.map(({ text, about }) => {
      const described = about === '' ? '' : ` -d '${about.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
      if (!text.startsWith('--')) return `complete -c healer${when} -f -a ${text}${described}`;
      const values = choices.find(({ option }) => option === text)?.values;
      const given = values === undefined ? '' : ` -x -a '${values.join(' ')}'`;
      return `complete -c healer${when} -l ${text.slice(2)}${given}${described}`;
    });
  });
  return `${lines.join('\n')}\n`;
}
