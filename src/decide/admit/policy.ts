export interface AdmissionPolicy {
  /** A remediation that ended less than this ago, in milliseconds, keeps a new one away. */
  readonly timeWindowMs: number;
  readonly maxAttempts: number;
  /** `owner/name` or `owner/*`; empty means every repository. */
  readonly repositories: readonly string[];
  /** Logins of bots whose red builds are worth repairing. */
  readonly allowedBots: readonly string[];
  /** Logins of bots whose commands are obeyed. */
  readonly commandBots: readonly string[];
  /** Logins of the agents' own Apps. */
  readonly agentLogins: readonly string[];
  /** Slugs of the Apps whose reviews ask for repairs by themselves. */
  readonly reviewApps: readonly string[];
  /** Where alerts without a repository are repaired, `owner/name`; null when nowhere. */
  readonly platformRepository: string | null;
}
