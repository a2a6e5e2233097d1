/** GitHub's own reference to a pull request's head: it is in the base repository, also when the branch is in a fork. */
export function pullRef(number: number): string {
  return `refs/pull/${number}/head`;
}

/** The pull request that such a reference is about; null for the name of a branch. */
export function pullOfRef(ref: string): number | null {
  const match = /^refs\/pull\/(\d+)\/head$/.exec(ref);
  return match === null ? null : Number(match[1]);
}
