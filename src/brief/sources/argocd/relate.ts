import type { Remediation } from '../../../model/remediation.ts';
import { isImageOf } from '../../images.ts';
import { alertsOf, whereabouts } from '../../whereabouts.ts';
import type { ListedApplication } from './api.ts';

/** Labels under which alerts name an application; `name` is Argo CD's own metrics' label. */
export const APPLICATION_LABELS = ['application', 'argocd_application', 'argocd_app', 'app_name'] as const;

/**
 * The applications that a failure may be about, the likeliest first: named by an alert; deployed from the repository or
 * running its image, those called like the failing service or at its path before others, unwell ones before healthy ones.
 */
export function relatedApplications(
  applications: readonly ListedApplication[],
  remediation: Remediation,
): readonly ListedApplication[] {
  const named = namesInAlerts(remediation);
  const { repository, service } = whereabouts(remediation);
  const rank = (application: ListedApplication): number => {
    if (named.has(application.metadata.name)) return 8;
    if (!comesFrom(application, repository)) return 0;
    return 1 + (isAbout(application, service) ? 4 : 0) + (isWell(application) ? 0 : 2);
  };
  return applications
    .map((application) => ({ application, rank: rank(application) }))
    .filter((one) => one.rank > 0)
    .toSorted((a, b) => b.rank - a.rank || a.application.metadata.name.localeCompare(b.application.metadata.name))
    .map(({ application }) => application);
}

function namesInAlerts(remediation: Remediation): ReadonlySet<string> {
  const names = alertsOf(remediation).flatMap(({ name, labels }) => {
    const isArgo = /argo/i.test(`${name} ${labels['job'] ?? ''} ${labels['service'] ?? ''}`);
    const keys = isArgo ? [...APPLICATION_LABELS, 'name'] : APPLICATION_LABELS;
    return keys.flatMap((key) => (Object.hasOwn(labels, key) ? (labels[key] ?? []) : []));
  });
  return new Set(names.filter((name) => name !== ''));
}

function comesFrom({ spec, status }: ListedApplication, repository: string): boolean {
  const wanted = repository.toLowerCase();
  const sources = [spec?.source, ...(spec?.sources ?? [])];
  const images = status?.summary?.images ?? [];
  return (
    sources.some((source) => source?.repoURL != null && repositoryOf(source.repoURL) === wanted) ||
    images.some((image) => isImageOf(image, wanted))
  );
}

/** `owner/name` of a git address in any of its spellings (https, ssh, scp-like; with or without `.git`). */
export function repositoryOf(url: string): string {
  const path = url
    .trim()
    .replace(/^[a-z+]+:\/\//i, '')
    .replace(/^[^/@]*@/, '')
    .replace(':', '/');
  return path
    .replace(/\/+$/, '')
    .replace(/\.git$/i, '')
    .split('/')
    .slice(-2)
    .join('/')
    .toLowerCase();
}

function isAbout({ metadata, spec }: ListedApplication, service: string | null): boolean {
  if (service === null) return false;
  const paths = [spec?.source, ...(spec?.sources ?? [])].flatMap((source) => source?.path?.split('/') ?? []);
  return metadata.name === service || paths.includes(service);
}

export function isWell({ status }: ListedApplication): boolean {
  return status?.sync?.status === 'Synced' && status.health?.status === 'Healthy';
}
