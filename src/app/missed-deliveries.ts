import { SOURCES } from '../intake/sources/index.ts';
import { appDeliveries } from '../lib/github/app-deliveries.ts';
import { keptSenderIds } from '../store/deliveries.ts';
import type { Foundation, Undo } from './foundation.ts';
import { createRedelivery } from './redelivery.ts';

/** Asking for what could not be delivered needs an App: nobody else may read what GitHub tried. */
export function askForMissedDeliveries({ settings, log, clock, store, github, onError }: Foundation, undo: Undo): void {
  if (settings.github.appId === undefined) return;
  const wanted: ReadonlySet<string> = new Set(SOURCES.github.events);
  const redelivery = createRedelivery({
    deliveries: appDeliveries(github.asApp, clock),
    kept: (guids) => keptSenderIds(store.db, guids),
    isWanted: (event) => wanted.has(event),
    clock,
    random: Math.random,
    onAsked: (fields) => log.info(fields, 'asked GitHub for missed deliveries'),
    onError,
  });
  redelivery.start();
  undo.push(() => redelivery.stop());
}
