import * as z from 'zod';
import { eventHandler } from '../../handler.ts';
import { actor, id, maybe, maybeLine, maybeUrl, name, repository, word } from '../schema.ts';
import { type Actions, alertSignal, groupKey } from './alert.ts';

const vulnerability = maybe(
  z.object({
    severity: maybe(word),
    vulnerable_version_range: maybeLine,
    first_patched_version: maybe(z.object({ identifier: maybeLine })),
  }),
);
const advisory = maybe(z.object({ ghsa_id: maybeLine, cve_id: maybeLine, summary: maybeLine, severity: maybe(word) }));

const schema = z.object({
  action: word,
  alert: z.object({
    number: id,
    dependency: z.object({ package: z.object({ ecosystem: name, name }), manifest_path: maybeLine }),
    security_advisory: advisory,
    security_vulnerability: vulnerability,
    html_url: maybeUrl,
    dismissed_by: actor,
  }),
  repository,
  sender: actor,
});

const ACTIONS: Actions = {
  raise: ['created', 'reopened', 'auto_reopened', 'reintroduced'],
  resolve: { fixed: 'fixed', dismissed: 'dismissed', auto_dismissed: 'auto_dismissed' },
};

/** What one update of one manifest heals is one thing, whatever the number of advisories about it. */
export const dependabotAlert = eventHandler(schema, (event) => {
  const { alert } = event;
  const { package: pkg, manifest_path: manifest } = alert.dependency;
  const { security_advisory: known, security_vulnerability: range } = alert;
  return alertSignal(event, ACTIONS, {
    alertKind: 'dependabot',
    number: alert.number,
    groupKey: groupKey('dependabot', pkg.ecosystem, pkg.name, manifest ?? ''),
    title: known?.summary ?? `A vulnerable version of ${pkg.name}`,
    severity: range?.severity ?? known?.severity ?? null,
    url: alert.html_url,
    ref: null,
    headSha: null,
    details: {
      about: 'dependency',
      packageName: pkg.name,
      ecosystem: pkg.ecosystem,
      manifestPath: manifest,
      vulnerableRange: range?.vulnerable_version_range ?? null,
      patchedVersion: range?.first_patched_version?.identifier ?? null,
      ghsaId: known?.ghsa_id ?? null,
      cveId: known?.cve_id ?? null,
      summary: known?.summary ?? null,
    },
    resolvedBy: alert.dismissed_by,
    resolution: null,
  });
});
