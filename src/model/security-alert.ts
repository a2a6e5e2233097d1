/** What GitHub's alerts are about, in our own types. */
export const SECURITY_ALERT_KINDS = ['dependabot', 'code_scan', 'secret', 'vulnerability'] as const;

export type SecurityAlertKind = (typeof SECURITY_ALERT_KINDS)[number];

export type SecurityDetails = DependencyDetails | CodeScanDetails | SecretDetails;

/** For `dependabot` and `vulnerability`. */
export interface DependencyDetails {
  readonly about: 'dependency';
  readonly packageName: string;
  /** npm, pip, rust, …; null for `vulnerability`, which does not say. */
  readonly ecosystem: string | null;
  readonly manifestPath: string | null;
  readonly vulnerableRange: string | null;
  readonly patchedVersion: string | null;
  readonly ghsaId: string | null;
  readonly cveId: string | null;
  readonly summary: string | null;
}

/** For `code_scan`. */
export interface CodeScanDetails {
  readonly about: 'code';
  readonly ruleId: string | null;
  readonly description: string | null;
  readonly message: string | null;
  readonly tool: string | null;
  readonly path: string | null;
  readonly startLine: number | null;
  readonly endLine: number | null;
}

/** For `secret`: everything but the value. */
export interface SecretDetails {
  readonly about: 'secret';
  readonly secretType: string;
  readonly displayName: string | null;
  /** active, inactive, unknown; null when GitHub did not look. */
  readonly validity: string | null;
  readonly publiclyLeaked: boolean | null;
  /** Where it was seen, as far as the event tells; `type` is GitHub's: commit, issue_title, wiki_commit, … */
  readonly locations: readonly SecretLocation[];
}

export interface SecretLocation {
  readonly type: string;
  readonly path: string | null;
  readonly startLine: number | null;
}
