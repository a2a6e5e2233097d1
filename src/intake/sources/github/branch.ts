const BRANCH = 'refs/heads/';
const PULL = /^refs\/pull\/(\d{1,15})\/(?:merge|head)$/;

/** The branch that a full reference names; null when it names something else. */
export function branchOf(reference: string | null): string | null {
  return reference?.startsWith(BRANCH) && reference.length > BRANCH.length ? reference.slice(BRANCH.length) : null;
}

/** The pull request whose head or trial merge a full reference names; null when it names something else. */
export function pullRequestOf(reference: string | null): number | null {
  return Number(PULL.exec(reference ?? '')?.[1] ?? 0) || null;
}
