import { messageOf } from '../lib/errors.ts';
import type { Foundation, Undo } from './foundation.ts';
import { readBreaker } from './load.ts';
import { secretValues } from './load-settings.ts';
import { createNotifyLoop } from './notify-loop.ts';
import { createWatch } from './notify-watch.ts';

const HOUR = 3_600_000;

/** Begins to tell people what is written down for them; without anybody to tell, nothing is begun. */
export function startNotifications(base: Foundation, undo: Undo): void {
  const { settings, store, clock, log, metrics, onError, core } = base;
  const { targets, notices, rights } = base.notifications;
  if (targets.length === 0) return;
  const { quietHours, giveUpHours } = settings.notifications;
  const loop = createNotifyLoop({
    store,
    clock,
    notifiers: targets.map(({ notifier }) => notifier),
    quietHours,
    giveUpMs: giveUpHours * HOUR,
    secrets: secretValues(settings),
    watch: createWatch({
      store,
      clock,
      notices,
      breakerRule: settings.breaker,
      readBreaker: (tx, now) => readBreaker(tx, settings.breaker, now),
    }),
    onResult: metrics.notified,
    onTold: (fields) => log.info(fields, 'people were told'),
    onError,
  });
  undo.push(
    core.machine.subscribe(({ before, after }) => {
      if (before === null || before.phase !== after.phase) loop.wake();
    }),
  );
  rights?.recall().catch((error: unknown) => onError('lost rights could not be read', { error: messageOf(error) }));
  loop.start();
  undo.push(() => loop.stop());
}
