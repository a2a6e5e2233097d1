import { admitCommand, isVerb } from '../../decide/admit/command.ts';
import type { Disposition } from '../../model/delivery.ts';
import { reason } from '../../model/reason.ts';
import type { CommandSignal } from '../../model/signal.ts';
import { insertCommand } from '../../store/commands.ts';
import type { Tx } from '../../store/open.ts';
import type { Deciding } from './types.ts';

/**
 * Writes a command down, once a comment. Who gave it, and what it leads to, is found out afterwards: that needs GitHub,
 * and nothing here may wait for that.
 */
export async function decideCommand(tx: Tx, signal: CommandSignal, deciding: Deciding): Promise<Disposition> {
  const now = deciding.clock();
  const refused = admitCommand(signal, deciding.admission, now);
  if (refused !== null) return refused;
  const isNew = await insertCommand(tx, deciding.newId(), signal, now);
  const what = `/healer ${signal.verb} by ${signal.actor.login}`;
  return {
    status: 'accepted',
    dedupStatus: isNew ? 'new' : 'existing',
    remediationId: null,
    reason: isVerb(signal.verb)
      ? reason('command_taken', isNew ? `${what} was written down.` : `${what} was written down before.`)
      : reason('command_unknown', `${what}: there is no such command; the comment is answered.`),
  };
}
