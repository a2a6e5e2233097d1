import type { Disposition } from '../../model/delivery.ts';
import { type Reason, reason } from '../../model/reason.ts';
import type { Signal } from '../../model/signal.ts';
import type { Step } from '../../remediate/machine.ts';
import type { Tx } from '../../store/open.ts';
import { commandOfButton } from './buttons.ts';
import { decideAlert, decidePlay, decideReview, decideSecurity } from './causes.ts';
import { decideCi, decidePullRequestChange } from './ci.ts';
import { decideCommand } from './commands.ts';
import type { DeciderOptions, Deciding } from './types.ts';

/** What a delivery led to, with the steps to publish after the commit. */
export interface Decided {
  readonly disposition: Disposition;
  readonly steps: readonly Step[];
}

/** Decides about one delivery inside the caller's transaction: the same code serves the service and `explain`. */
export type Decider = (tx: Tx, signals: readonly Signal[], ignored: Reason | null) => Promise<Decided>;

export function createDecider(options: DeciderOptions): Decider {
  return async (tx, signals, ignored) => {
    const deciding: Deciding = { ...options, steps: [] };
    const dispositions: Disposition[] = [];
    for (const signal of signals) dispositions.push(await decide(tx, signal, deciding));
    const nothing: Disposition = {
      status: 'ignored',
      dedupStatus: 'skipped',
      remediationId: null,
      reason: ignored ?? reason('not_a_failure'),
    };
    return { disposition: dispositions.toSorted((a, b) => weight(a) - weight(b))[0] ?? nothing, steps: deciding.steps };
  };
}

/** A delivery with several signals is answered by the one that led to most. */
function weight({ dedupStatus, status }: Disposition): number {
  return ['new', 'existing', 'skipped'].indexOf(dedupStatus) * 10 + (status === 'ignored' ? 1 : 0);
}

async function decide(tx: Tx, signal: Signal, deciding: Deciding): Promise<Disposition> {
  switch (signal.kind) {
    case 'ci_failed':
    case 'ci_passed':
      return decideCi(tx, signal, deciding);
    case 'pull_request_changed':
      return decidePullRequestChange(tx, signal, deciding);
    case 'security_raised':
    case 'security_resolved':
      return decideSecurity(tx, signal, deciding);
    case 'review_requested': {
      const command = await commandOfButton(tx, signal);
      return command === null ? decideReview(tx, signal, deciding) : decideCommand(tx, command, deciding);
    }
    case 'platform_alert':
      return decideAlert(tx, signal, deciding);
    case 'play_failed':
      return decidePlay(tx, signal, deciding);
    case 'command':
      return decideCommand(tx, signal, deciding);
  }
}
