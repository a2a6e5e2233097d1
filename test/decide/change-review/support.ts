import { type ChangedFile, type ReviewContext, reviewChange } from '../../../src/decide/change-review/index.ts';
import { type ChangeConcern, REFUSED_CONCERNS } from '../../../src/model/change-concern.ts';
import { createRedactor } from '../../../src/safety/index.ts';

/** One file of a diff; `body` is its hunks as git prints them. */
export function file(path: string, body: string, changes: Partial<ChangedFile> = {}): ChangedFile {
  const patch = body.startsWith('@@') ? body : `@@ -10,6 +10,6 @@\n${body}`;
  const count = (sign: string) => patch.split('\n').filter((line) => line.startsWith(sign)).length;
  return { path, status: 'modified', additions: count('+'), deletions: count('-'), patch, ...changes };
}

/** A file that is new, or gone, as a whole. */
export function whole(path: string, status: 'added' | 'removed', text: string): ChangedFile {
  const sign = status === 'added' ? '+' : '-';
  const lines = text.trim().split('\n');
  const range = status === 'added' ? `@@ -0,0 +1,${lines.length} @@` : `@@ -1,${lines.length} +0,0 @@`;
  return file(path, [range, ...lines.map((line) => sign + line)].join('\n'), { status });
}

export function review(files: readonly ChangedFile[], context: Partial<ReviewContext> = {}): readonly ChangeConcern[] {
  return reviewChange(files, {
    failureType: 'general',
    evidence: '',
    complete: true,
    redactor: createRedactor(),
    refuse: REFUSED_CONCERNS,
    ...context,
  });
}

/** `severity code path:line`, in order: what tables compare. */
export function told(concerns: readonly ChangeConcern[]): readonly string[] {
  return concerns.map(({ severity, code, path, line }) => `${severity} ${code} ${path ?? '*'}:${line ?? '*'}`);
}
