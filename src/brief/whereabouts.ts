import type { Remediation } from '../model/remediation.ts';
import type { PlatformAlert } from '../model/signal.ts';
import type { QueryValues } from './query-language.ts';

/** Labels that name what is failing, the more telling ones first. */
export const SERVICE_LABELS = [
  'app_kubernetes_io_name',
  'app',
  'deployment',
  'statefulset',
  'daemonset',
  'cronjob',
  'service',
  'container',
] as const;
/** The two random ends that a Deployment's ReplicaSet and its pods put behind the name. */
const POD_SUFFIX = /-[a-f0-9]{6,10}-[a-z0-9]{5}$|-[a-z0-9]{5}$|-\d+$/;

/** The alerts that a remediation is about, firing ones first. */
export function alertsOf(remediation: Remediation): readonly PlatformAlert[] {
  const alerts = remediation.causes.flatMap((cause) => (cause.kind === 'platform_alert' ? cause.alerts : []));
  return alerts.toSorted((a, b) => Number(b.status === 'firing') - Number(a.status === 'firing'));
}

/**
 * When it broke, milliseconds since the epoch: the first alert's own time, else the end of the last attempt that did not
 * hold, else when Healer heard of it.
 */
export function brokeAt(remediation: Remediation): number {
  const times = alertsOf(remediation).flatMap((alert) => (alert.status === 'firing' ? (alert.startsAt ?? []) : []));
  return times.length === 0 ? (remediation.attempts.at(-1)?.endedAt ?? remediation.createdAt) : Math.min(...times);
}

/** What queries may ask about: an alert's labels tell it; a red build is taken to run under its repository's name. */
export function whereabouts(remediation: Remediation): QueryValues {
  const [owner = '', name = ''] = remediation.repository.split('/');
  const alerts = alertsOf(remediation);
  const label = (keys: readonly string[]): string | null => {
    for (const key of keys) {
      const alert = alerts.find(({ labels }) => Object.hasOwn(labels, key) && labels[key] !== '');
      if (alert !== undefined) return alert.labels[key] ?? null;
    }
    return null;
  };
  const pod = label(['pod'])?.replace(POD_SUFFIX, '') ?? null;
  return {
    repository: remediation.repository,
    owner,
    name,
    service: label(SERVICE_LABELS) ?? pod ?? (name === '' ? null : name),
    namespace: label(['namespace', 'exported_namespace']),
    branch: remediation.branch === '' ? null : remediation.branch,
  };
}
