import type { Cause, Remediation } from '../../../src/model/remediation.ts';
import type { PlatformAlertSignal, PlayFailedSignal, ReviewSignal, SecuritySignal } from '../../../src/model/signal.ts';
import { aRemediation, SHA } from '../../support/builders.ts';

type Details = SecuritySignal['details'];

function security(alertKind: SecuritySignal['alertKind'], title: string, details: Details): SecuritySignal {
  return {
    kind: 'security_raised',
    repository: 'acme/shop',
    defaultBranch: 'main',
    alertKind,
    number: 7,
    groupKey: `${alertKind}:7`,
    action: 'created',
    title,
    severity: 'high',
    url: `https://github.test/acme/shop/security/${alertKind}/7`,
    ref: null,
    branch: null,
    pullRequest: null,
    headSha: null,
    details,
    resolution: null,
    actor: null,
  };
}

const DEPENDENCY = {
  about: 'dependency',
  packageName: 'minimist',
  ecosystem: 'npm',
  manifestPath: 'web/package-lock.json',
  vulnerableRange: '< 1.2.6',
  patchedVersion: '1.2.6',
  ghsaId: 'GHSA-xvch-5gv4-984h',
  cveId: 'CVE-2021-44906',
  summary: 'Prototype pollution in minimist',
} as const;

/** One of each kind of thing that is reported besides red checks. */
export const CAUSES = {
  dependabot: security('dependabot', 'Prototype pollution in minimist', DEPENDENCY),
  vulnerability: security('vulnerability', 'Vulnerable package: minimist', {
    ...DEPENDENCY,
    ecosystem: null,
    manifestPath: null,
    patchedVersion: null,
  }),
  code_scan: security('code_scan', 'Path traversal', {
    about: 'code',
    ruleId: 'js/path-injection',
    description: 'Uncontrolled data used in path expression',
    message: 'This path depends on a user-provided value.',
    tool: 'CodeQL',
    path: 'src/files.ts',
    startLine: 41,
    endLine: 41,
  }),
  secret: security('secret', 'A key of a cloud provider was found', {
    about: 'secret',
    secretType: 'cloud_provider_key',
    displayName: 'Cloud provider key',
    validity: 'active',
    publiclyLeaked: true,
    locations: [{ type: 'commit', path: 'deploy/config.ts', startLine: 3 }],
  }),
  review: {
    kind: 'review_requested',
    repository: 'acme/shop',
    defaultBranch: 'main',
    pullRequest: 12,
    headRef: 'feature',
    headSha: SHA,
    baseRef: 'main',
    fromFork: false,
    source: 'review',
    reviewer: null,
    app: { id: 1, slug: 'stitch' },
    actor: null,
    authorAssociation: null,
    state: 'changes_requested',
    reviewId: 5,
    commentId: null,
    button: null,
    findings: [
      { path: 'src/cart.ts', line: 12, body: 'The total is rounded before tax is added.' },
      { path: 'src/cart.ts', line: null, body: 'There is no test for an empty cart.' },
    ],
    body: 'Two things to repair.',
    url: 'https://github.test/acme/shop/pull/12#pullrequestreview-5',
  } satisfies ReviewSignal,
  platform_alert: {
    kind: 'platform_alert',
    channel: 'platform',
    status: 'firing',
    groupKey: 'acme/shop {alertname="KubePodCrashLooping"}',
    repository: 'acme/shop',
    title: 'KubePodCrashLooping',
    alerts: [
      {
        status: 'firing',
        name: 'KubePodCrashLooping',
        severity: 'critical',
        labels: { namespace: 'shop', pod: 'shop-7d9c6b5f4-x2x7k' },
        annotations: { summary: 'shop restarts again and again', runbook_url: 'https://runbooks.test/crash' },
        startsAt: 0,
        fingerprint: 'f1',
        generatorUrl: 'https://prometheus.test/graph',
      },
    ],
    omittedAlerts: 0,
    url: 'https://alertmanager.test',
  } satisfies PlatformAlertSignal,
  play: {
    kind: 'play_failed',
    playId: 'play-9',
    taskId: 'task-3',
    stage: 'implementation',
    repository: 'acme/shop',
    branch: 'feature',
    message: 'The stage ended with exit code 1.',
    logs: 'npm run build\nsrc/app.ts(3,1): error TS2304: Cannot find name "total".',
  } satisfies PlayFailedSignal,
} as const satisfies Readonly<Record<string, Cause>>;

const KIND_OF: Readonly<Record<Cause['kind'], Remediation['kind']>> = {
  security_raised: 'sec',
  security_resolved: 'sec',
  review_requested: 'review',
  platform_alert: 'alert',
  play_failed: 'play',
};

/** A remediation of something that was reported; no check is red. */
export function reported(cause: Cause, changes: Partial<Remediation> = {}): Remediation {
  return aRemediation({
    kind: KIND_OF[cause.kind],
    causes: [cause],
    failedChecks: [],
    runId: null,
    workflowName: null,
    url: 'url' in cause ? cause.url : null,
    ...changes,
  });
}
