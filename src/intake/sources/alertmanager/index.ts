import { reason } from '../../../model/reason.ts';
import type { EventHandler } from '../handler.ts';
import { type EventSource, ignored, isObject, type JsonObject, wrong } from '../source.ts';
import { alertGroup } from './group.ts';

/** Each door of its own: the body does not tell which it was meant for. */
const EVENTS: Readonly<Record<string, EventHandler>> = {
  platform_alert: alertGroup('platform'),
  workflow_alert: alertGroup('workflows'),
};

function detect(body: JsonObject): string | null {
  const isGroup = Array.isArray(body['alerts']) && ['groupKey', 'status'].every((key) => Object.hasOwn(body, key));
  return isGroup ? 'platform_alert' : null;
}

/** Alertmanager's webhook, version 4; other senders of the same shape (Grafana) are welcome. */
export const alertmanager: EventSource = {
  name: 'alertmanager',
  events: Object.keys(EVENTS),
  detect,
  recognises: (body) => detect(body) !== null,
  normalise: (event, body, self) => {
    if (!isObject(body)) return wrong([{ path: '', message: 'must be a JSON object' }]);
    const handler = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined;
    return handler?.(body, self) ?? ignored(reason('unknown_event', `Alertmanager has no ${event} events.`));
  },
};
