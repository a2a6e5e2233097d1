import type { AgentName } from './agent.ts';

/** The wide class a failure type belongs to; groups charts and prompts. */
export type FailureCategory =
  | 'rust'
  | 'frontend'
  | 'infrastructure'
  | 'security'
  | 'git'
  | 'language'
  | 'transient'
  | 'general';

interface FailureTypeRow {
  readonly owner: AgentName;
  readonly category: FailureCategory;
  /** Finishes the sentence "CI is red because of …". */
  readonly title: string;
}

const row = (owner: AgentName, category: FailureCategory, title: string): FailureTypeRow => ({
  owner,
  category,
  title,
});

/**
 * Every failure type with the agent who can repair its root cause (docs: CONTRACT section 4).
 * A transient type is answered by one re-run first; its owner is asked only when that did not help.
 */
export const FAILURE_TYPES = {
  rust_build: row('rex', 'rust', 'a Rust compile error'),
  rust_clippy: row('rex', 'rust', 'a clippy finding'),
  rust_fmt: row('rex', 'rust', 'Rust formatting'),
  rust_test: row('rex', 'rust', 'a failing Rust test'),
  rust_deps: row('rex', 'rust', 'a Cargo dependency problem'),
  frontend_build: row('blaze', 'frontend', 'a broken frontend build'),
  frontend_types: row('blaze', 'frontend', 'a TypeScript type error'),
  frontend_lint: row('blaze', 'frontend', 'a frontend lint finding'),
  frontend_test: row('blaze', 'frontend', 'a failing frontend test'),
  frontend_deps: row('blaze', 'frontend', 'a frontend dependency problem'),
  docker_build: row('bolt', 'infrastructure', 'a failing image build'),
  helm_template: row('bolt', 'infrastructure', 'a Helm chart that does not render'),
  k8s_manifest: row('bolt', 'infrastructure', 'an invalid Kubernetes manifest'),
  argocd_sync: row('bolt', 'infrastructure', 'an Argo CD sync failure'),
  terraform: row('bolt', 'infrastructure', 'a Terraform error'),
  yaml_syntax: row('bolt', 'infrastructure', 'a YAML error'),
  platform_alert: row('bolt', 'infrastructure', 'a platform alert'),
  security_dependabot: row('cipher', 'security', 'a vulnerable dependency'),
  security_code_scan: row('cipher', 'security', 'a code scanning finding'),
  security_secret: row('cipher', 'security', 'a leaked secret'),
  security_audit: row('cipher', 'security', 'a failing security audit'),
  git_merge_conflict: row('atlas', 'git', 'a merge conflict'),
  git_permission: row('atlas', 'git', 'a missing permission'),
  github_workflow: row('atlas', 'git', 'a broken workflow definition'),
  release: row('atlas', 'git', 'a failing release or deployment'),
  python: row('atlas', 'language', 'a Python failure'),
  go: row('atlas', 'language', 'a Go failure'),
  jvm: row('atlas', 'language', 'a JVM build failure'),
  native: row('atlas', 'language', 'a C or C++ failure'),
  dotnet: row('atlas', 'language', 'a .NET failure'),
  ruby: row('atlas', 'language', 'a Ruby failure'),
  php: row('atlas', 'language', 'a PHP failure'),
  general: row('atlas', 'general', 'a failure without a clearer class'),
  transient_network: row('atlas', 'transient', 'a network problem'),
  transient_runner: row('atlas', 'transient', 'a lost or broken runner'),
  transient_resources: row('atlas', 'transient', 'exhausted runner resources'),
  transient_timeout: row('atlas', 'transient', 'a time-out'),
  transient_rate_limit: row('atlas', 'transient', 'a rate limit'),
} as const satisfies Record<string, FailureTypeRow>;

export type FailureType = keyof typeof FAILURE_TYPES;

export const FAILURE_TYPE_NAMES = Object.keys(FAILURE_TYPES) as FailureType[];

export function isFailureType(value: string): value is FailureType {
  return Object.hasOwn(FAILURE_TYPES, value);
}

export function isTransient(type: FailureType): boolean {
  return FAILURE_TYPES[type].category === 'transient';
}
