import type { ContextFinding } from '../model/evidence.ts';
import type { Cause } from '../model/remediation.ts';
import type { PlatformAlertSignal, PlayFailedSignal, ReviewSignal, SecuritySignal } from '../model/signal.ts';
import { type Redactor, safeLine, safeText } from '../safety/index.ts';

/** The source of what a cause itself says. */
export const REPORT = 'event';

/** What was delivered is itself the first finding: text from outside, through the gate like every other. */
export function causeFindings(causes: readonly Cause[], redactor: Redactor): readonly ContextFinding[] {
  return causes.map((cause) => {
    const { summary, lines, url } = describe(cause);
    return {
      source: REPORT,
      status: 'found',
      durationMs: 0,
      summary: safeLine(summary, redactor, 400),
      body: safeText(lines.filter((line) => line !== null).join('\n'), redactor),
      url,
      truncated: false,
    };
  });
}

interface Description {
  readonly summary: string;
  readonly lines: readonly (string | null)[];
  readonly url: string | null;
}

function describe(cause: Cause): Description {
  switch (cause.kind) {
    case 'security_raised':
    case 'security_resolved':
      return describeSecurity(cause);
    case 'review_requested':
      return describeReview(cause);
    case 'platform_alert':
      return describeAlert(cause);
    case 'play_failed':
      return describePlay(cause);
  }
}

const labelled = (label: string, value: string | number | null): string | null =>
  value === null || value === '' ? null : `${label}: ${value}`;

function describeSecurity({ alertKind, number, title, severity, url, details }: SecuritySignal): Description {
  const summary = `${alertKind.replaceAll('_', ' ')} alert ${number}: ${title}`;
  const common = [labelled('Alert', summary), labelled('Severity', severity)];
  switch (details.about) {
    case 'dependency':
      return {
        summary,
        url,
        lines: [
          ...common,
          labelled('Package', details.packageName),
          labelled('Ecosystem', details.ecosystem),
          labelled('Manifest', details.manifestPath),
          labelled('Vulnerable versions', details.vulnerableRange),
          labelled('First patched version', details.patchedVersion),
          labelled('Advisory', [details.ghsaId, details.cveId].filter(Boolean).join(', ')),
          labelled('Summary', details.summary),
        ],
      };
    case 'code':
      return {
        summary,
        url,
        lines: [
          ...common,
          labelled('Rule', details.ruleId),
          labelled('Tool', details.tool),
          labelled('Place', place(details.path, details.startLine)),
          labelled('Description', details.description),
          labelled('Message', details.message),
        ],
      };
    case 'secret':
      return {
        summary,
        url,
        lines: [
          ...common,
          labelled('Kind of secret', details.displayName ?? details.secretType),
          labelled('Still valid', details.validity),
          details.publiclyLeaked ? 'It was seen in public.' : null,
          ...details.locations.map((location) =>
            labelled('Seen in', `${location.type} ${place(location.path, location.startLine) ?? ''}`),
          ),
          'The value itself is not shown here. Remove it from the code and say in the summary that it has to be revoked.',
        ],
      };
  }
}

function place(path: string | null, line: number | null): string | null {
  if (path === null) return null;
  return line === null ? path : `${path}:${line}`;
}

function describeReview({ reviewer, app, body, findings, url, source, button }: ReviewSignal): Description {
  const who = app?.slug ?? reviewer?.login ?? 'A reviewer';
  return {
    summary: `${who} asks for changes (${source.replaceAll('_', ' ')}${button === null ? '' : ` ${button.identifier}`}).`,
    url,
    lines: [body, ...findings.map((finding) => `${place(finding.path, finding.line)}: ${finding.body}`)],
  };
}

function describeAlert({ title, alerts, omittedAlerts, url }: PlatformAlertSignal): Description {
  const pairs = (values: Readonly<Record<string, string>>): string =>
    Object.entries(values)
      .map(([key, value]) => `${key}=${value}`)
      .join(', ');
  const firing = alerts.filter((alert) => alert.status === 'firing');
  return {
    summary: `${title}: ${firing.length} firing.`,
    url,
    lines: [
      ...firing.flatMap((alert) => [
        `${alert.name} (${alert.severity ?? 'no severity'})`,
        labelled('  labels', pairs(alert.labels)),
        labelled('  annotations', pairs(alert.annotations)),
        labelled('  source', alert.generatorUrl),
      ]),
      omittedAlerts > 0 ? `${omittedAlerts} more alerts of the group are not listed.` : null,
    ],
  };
}

function describePlay({ playId, taskId, stage, message, logs }: PlayFailedSignal): Description {
  return {
    summary: `The play ${playId}, task ${taskId}, failed at ${stage}.`,
    url: null,
    lines: [
      labelled('Stage', stage),
      labelled('Message', message),
      logs === null ? null : `The end of its log:\n${logs}`,
    ],
  };
}
