/* Bodies of alerts, reviews and plays: GitHub's and Alertmanager's shapes, and Healer's own. */
import { OTHER_SHA, repository, SHA, sender } from './bodies.ts';

type Fields = Readonly<Record<string, unknown>>;

export function dependabotAlert(fields: Fields = {}, action = 'created') {
  const alert = {
    number: 20,
    state: 'open',
    dependency: {
      package: { ecosystem: 'npm', name: 'left-pad' },
      manifest_path: 'web/package-lock.json',
      scope: 'runtime',
    },
    security_advisory: {
      ghsa_id: 'GHSA-aaaa-bbbb-cccc',
      cve_id: 'CVE-2026-0001',
      summary: 'left-pad pads too much',
      severity: 'medium',
    },
    security_vulnerability: {
      package: { ecosystem: 'npm', name: 'left-pad' },
      severity: 'high',
      vulnerable_version_range: '< 1.3.1',
      first_patched_version: { identifier: '1.3.1' },
    },
    html_url: 'https://github.com/acme/shop/security/dependabot/20',
    dismissed_by: null,
    dismissed_reason: null,
  };
  return { action, alert: { ...alert, ...fields }, repository, sender };
}

export function codeScanningAlert(fields: Fields = {}, action = 'created', ref = 'refs/heads/main') {
  const alert = {
    number: 10,
    html_url: 'https://github.com/acme/shop/security/code-scanning/10',
    state: 'open',
    rule: {
      id: 'js/sql-injection',
      severity: 'error',
      security_severity_level: 'critical',
      description: 'Query built from user input',
    },
    tool: { name: 'CodeQL', version: '2.0' },
    most_recent_instance: {
      ref,
      state: 'open',
      commit_sha: OTHER_SHA,
      message: { text: 'This query depends on a request.' },
      location: { path: 'src/orders.js', start_line: 84, end_line: 86, start_column: 1, end_column: 9 },
    },
    dismissed_by: null,
    dismissed_reason: null,
  };
  return { action, alert: { ...alert, ...fields }, ref, commit_oid: SHA, repository, sender };
}

/** What must not be found again anywhere. */
export const LEAK = 'aio_Zx81QpLm93vTgKd27HsWc40RbNy';

export function secretScanningAlert(fields: Fields = {}, action = 'created') {
  const alert = {
    number: 191,
    html_url: 'https://github.com/acme/shop/security/secret-scanning/191',
    secret_type: 'adafruit_io_key',
    secret_type_display_name: 'Adafruit IO Key',
    secret: LEAK,
    validity: 'active',
    publicly_leaked: false,
    resolution: null,
    resolved_by: null,
    resolution_comment: null,
  };
  return { action, alert: { ...alert, ...fields }, repository, sender };
}

export function vulnerabilityAlert(fields: Fields = {}, action = 'create') {
  const alert = {
    id: 91_095_730,
    number: 2,
    affected_range: '>= 2.0.4, < 2.0.6',
    affected_package_name: 'rack',
    external_identifier: 'CVE-2018-16470',
    fixed_in: '2.0.6',
    ghsa_id: 'GHSA-hg78-4f6x-99wq',
    severity: 'moderate',
  };
  return { action, alert: { ...alert, ...fields }, repository, sender };
}

export const STITCH = { login: 'acme-stitch[bot]', id: 70, type: 'Bot' };

const pull = {
  number: 12,
  labels: [],
  draft: false,
  head: { ref: 'feature/cart', sha: SHA, repo: { id: 501, full_name: 'acme/shop' } },
  base: { ref: 'main', sha: OTHER_SHA, repo: { id: 501, full_name: 'acme/shop' } },
};

export function review(fields: Fields = {}, action = 'submitted') {
  const body = {
    id: 6001,
    node_id: 'PRR_kwDO',
    user: STITCH,
    body: 'The cart is never emptied.\r\nSee src/cart.ts.',
    state: 'changes_requested',
    html_url: 'https://github.com/acme/shop/pull/12#pullrequestreview-6001',
    author_association: 'NONE',
  };
  return { action, review: { ...body, ...fields }, pull_request: pull, repository, sender: STITCH };
}

export function reviewComment(fields: Fields = {}, action = 'created') {
  const body = {
    id: 7001,
    node_id: 'PRRC_kwDO',
    pull_request_review_id: 6001,
    path: 'src/cart.ts',
    line: 40,
    body: 'This index is off by one.',
    user: STITCH,
    html_url: 'https://github.com/acme/shop/pull/12#discussion_r7001',
    author_association: 'NONE',
  };
  return { action, comment: { ...body, ...fields }, pull_request: pull, repository, sender: STITCH };
}

/** Alertmanager's webhook body, version 4 (docs: Alertmanager, `webhook_config`). */
export const ALERT_GROUP = {
  version: '4',
  groupKey: '{}/{team="platform"}:{alertname="PodCrashLooping"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'healer',
  groupLabels: { alertname: 'PodCrashLooping' },
  commonLabels: { alertname: 'PodCrashLooping', severity: 'critical', repository: 'acme/shop', namespace: 'shop' },
  commonAnnotations: { summary: 'A pod restarts again and again' },
  externalURL: 'http://alertmanager.monitoring:9093',
  alerts: [alert({ pod: 'shop-1' }, 'c6eadffa33fcdf37'), alert({ pod: 'shop-2' }, 'bc97ff14869b13e3')],
};

export function alert(labels: Fields, fingerprint = '00ff00ff00ff00ff', fields: Fields = {}) {
  return {
    status: 'firing',
    labels: {
      alertname: 'PodCrashLooping',
      severity: 'critical',
      repository: 'acme/shop',
      namespace: 'shop',
      ...labels,
    },
    annotations: { summary: 'A pod restarts again and again', runbook_url: 'https://runbooks.acme.example/pod' },
    startsAt: '2026-07-01T10:00:00.123456789Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'http://prometheus.monitoring:9090/graph?g0.expr=up',
    fingerprint,
    ...fields,
  };
}

export const PLAY_FAILURE = {
  play_id: 'play-2026-07-01',
  task_id: 'task-7',
  stage: 'implementation',
  repository: 'acme/shop',
  branch: 'feature/cart',
  message: 'The stage ended with exit code 1',
  logs: 'line one\nerror: no such file\n',
};
