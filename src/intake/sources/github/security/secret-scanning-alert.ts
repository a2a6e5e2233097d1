import * as z from 'zod';
import type { SecretLocation } from '../../../../model/security-alert.ts';
import { eventHandler } from '../../handler.ts';
import { actor, id, maybe, maybeLine, maybeUrl, repository, word } from '../schema.ts';
import { type Actions, alertSignal } from './alert.ts';

/** Locations that are kept; a secret in more places is in all of them gone or in none. */
const MAX_LOCATIONS = 20;

const location = z.object({
  type: word,
  details: maybe(z.object({ path: maybeLine, start_line: maybe(id) })),
});
const locations = z
  .array(maybe(location))
  .nullish()
  .catch(null)
  .transform((list): readonly SecretLocation[] =>
    (list ?? []).slice(0, MAX_LOCATIONS).flatMap((place) => {
      if (place === null) return [];
      return [{ type: place.type, path: place.details?.path ?? null, startLine: place.details?.start_line ?? null }];
    }),
  );

// `alert.secret` is not a field here: what is not read cannot be passed on.
const schema = z.object({
  action: word,
  alert: z.object({
    number: id,
    html_url: maybeUrl,
    secret_type: maybeLine,
    secret_type_display_name: maybeLine,
    validity: maybe(word),
    publicly_leaked: maybe(z.boolean()),
    first_location_detected: maybe(z.object({ path: maybeLine, start_line: maybe(id) })),
    locations,
    resolution: maybe(word),
    resolved_by: actor,
  }),
  repository,
  sender: actor,
});
type Alert = z.infer<typeof schema>['alert'];

const ACTIONS: Actions = {
  raise: ['created', 'reopened'],
  resolve: { resolved: 'resolved', revoked: 'revoked' },
};

function locationsOf({ locations: listed, first_location_detected: first }: Alert): readonly SecretLocation[] {
  if (listed.length > 0 || first === null) return listed;
  return [{ type: first.path === null ? 'unknown' : 'commit', path: first.path, startLine: first.start_line }];
}

export const secretScanningAlert = eventHandler(schema, (event) => {
  const { alert } = event;
  const secretType = alert.secret_type ?? 'unknown';
  return alertSignal(event, ACTIONS, {
    alertKind: 'secret',
    number: alert.number,
    groupKey: `secret:#${alert.number}`,
    title: `Leaked secret: ${alert.secret_type_display_name ?? secretType}`,
    severity: null,
    url: alert.html_url,
    ref: null,
    headSha: null,
    details: {
      about: 'secret',
      secretType,
      displayName: alert.secret_type_display_name,
      validity: alert.validity,
      publiclyLeaked: alert.publicly_leaked,
      locations: locationsOf(alert),
    },
    resolvedBy: alert.resolved_by,
    resolution: alert.resolution,
  });
});
