import type { Glob } from './rule-set.ts';

/** `*` stands for anything. Without a slash a glob is about a file's name wherever it lies, with one about its path. */
export function fileGlob(source: string): Glob {
  const matches = wildcard(source);
  const isPath = source.includes('/');
  return { source, test: (path) => matches(isPath ? path : path.slice(path.lastIndexOf('/') + 1)) };
}

/** Matches a workflow by its name (`Rust CI` is `rust-ci`) or its file (`.github/workflows/rust-ci.yml`). */
export function workflowGlob(source: string): Glob {
  const matches = wildcard(source);
  return { source, test: (name) => matches(IS_PLAIN.test(name) ? name : plainName(name)) };
}

/** Nothing in it has to be replaced. */
const IS_PLAIN = /^[a-zA-Z0-9-]*$/;

function plainName(name: string): string {
  return name
    .replace(/^.*\//, '')
    .replace(/\.ya?ml$/, '')
    .trim()
    .replace(/[\s_]+/g, '-');
}

/** Compares piece by piece, so its cost is linear in the text whatever the number of stars. */
function wildcard(source: string): (text: string) => boolean {
  const pieces = source.toLowerCase().split(/\*+/);
  const [first = '', last = ''] = [pieces[0], pieces[pieces.length - 1]];
  return (text) => {
    const folded = text.toLowerCase();
    if (pieces.length === 1) return folded === first;
    if (folded.length < first.length + last.length || !folded.startsWith(first) || !folded.endsWith(last)) return false;
    let at = first.length;
    const end = folded.length - last.length;
    for (const piece of pieces.slice(1, -1)) {
      const found = folded.indexOf(piece, at);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return at <= end;
  };
}
