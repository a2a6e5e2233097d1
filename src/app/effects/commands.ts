import { readChecks } from '../../brief/checks.ts';
import { isCommandBot } from '../../decide/admit/command.ts';
import type { Clock } from '../../lib/clock.ts';
import { messageOf, PermanentError, RetryableError } from '../../lib/errors.ts';
import type { GitHub } from '../../lib/github/client.ts';
import type { Step } from '../../remediate/machine.ts';
import type { Chore } from '../../remediate/worker.ts';
import {
  actedOnCommand,
  type ClaimedCommand,
  claimCommands,
  finishCommand,
  nextCommandDue,
  postponeCommand,
} from '../../store/commands.ts';
import type { Store } from '../../store/open.ts';
import { type ActDeps, actOnCommand, type CommandCase, type CommandOutcome } from './command-acts.ts';
import { type CommandPort, commandPort } from './command-port.ts';
import { type OwnLogin, rememberLogin } from './comment.ts';

export interface CommandDeps extends ActDeps {
  readonly store: Store;
  readonly github: GitHub;
  readonly clock: Clock;
  /** Logins of bots whose commands are obeyed. */
  readonly commandBots: readonly string[];
  readonly onError: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** A worker that died is replaced after this time, in milliseconds. Longer than any command may take. */
const LEASE_MS = 5 * 60_000;
const MAX_TRIES = 12;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 5 * 60_000;

/** Carries out what people typed: each is acted on once, and answered until the answer stands there once. */
export function commandChore(deps: CommandDeps): Chore {
  const ownLogin = rememberLogin(deps.github);
  return {
    claim: async (limit) => {
      const claimed = await claimCommands(deps.store, deps.clock(), LEASE_MS, limit);
      return claimed.map((command) => () => carryOut(deps, command, ownLogin));
    },
    nextDue: () => nextCommandDue(deps.store.db),
  };
}

async function carryOut(deps: CommandDeps, command: ClaimedCommand, ownLogin: OwnLogin): Promise<void> {
  const port = commandPort(deps.github, command.signal, command.key, ownLogin);
  try {
    await port.react('eyes');
    const outcome = (command.outcome as CommandOutcome | null) ?? (await act(deps, command, port));
    if (outcome.text !== null) await port.say(outcome.text);
    await port.react(outcome.kind === 'done' ? 'rocket' : '-1');
    await finishCommand(deps.store.db, command);
  } catch (error) {
    const isOver = await failed(deps, command, error);
    // Nothing was done, and nobody can be told why: at least that much is shown, if GitHub lets us.
    if (isOver && command.outcome === null) await port.react('-1').catch(() => {});
  }
}

/** True when the command is given up. */
async function failed(
  { store, clock, onError }: CommandDeps,
  command: ClaimedCommand,
  error: unknown,
): Promise<boolean> {
  const message = messageOf(error);
  const giveUp = error instanceof PermanentError || command.tries >= MAX_TRIES;
  onError('command failed', {
    command: command.key,
    verb: command.signal.verb,
    tries: command.tries,
    giveUp,
    error: message,
  });
  if (giveUp) {
    await finishCommand(store.db, command, message);
    return true;
  }
  const wanted = error instanceof RetryableError ? error.retryAfterMs : null;
  const delay = wanted ?? Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (command.tries - 1));
  await postponeCommand(store.db, command, clock() + delay, message);
  return false;
}

/** Acts and writes the answer in one transaction. Nothing is done while it is not known who asked. */
async function act(deps: CommandDeps, command: ClaimedCommand, port: CommandPort): Promise<CommandOutcome> {
  const input = await learn(deps, command, port);
  const { outcome, steps } = await deps.store.transaction(async (tx) => {
    const taken: Step[] = [];
    const result = await actOnCommand(tx, input, deps, taken);
    // Undone as a whole: what the other worker wrote is what happened.
    if (!(await actedOnCommand(tx, command, result))) throw new RetryableError('Another worker acted on the command.');
    return { outcome: result, steps: taken };
  });
  for (const step of steps) deps.machine.publish(step);
  return outcome;
}

/** Everything that GitHub has to be asked before. */
async function learn(deps: CommandDeps, { signal }: ClaimedCommand, port: CommandPort): Promise<CommandCase> {
  // GitHub knows no permission of Apps here; the installation's settings do.
  const role = signal.actor.type === 'Bot' && isCommandBot(signal.actor.login, deps) ? 'write' : await port.role();
  const nothing: CommandCase = { signal, role, pull: null, checks: null };
  if (role !== 'write' && role !== 'maintain' && role !== 'admin') return nothing;
  const pull = await port.pull();
  if (signal.verb !== 'fix' || pull === null) return { ...nothing, pull };
  const { red, alsoRed, pending } = await readChecks(deps.github, signal.repository, pull.headSha, []);
  return { ...nothing, pull, checks: { red: [...red, ...alsoRed], pending: pending.length } };
}
