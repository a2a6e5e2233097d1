/** A comment as the port lists it. */
export interface KnownComment {
  readonly id: number;
  readonly body: string;
  /** Written by the account that Healer works as; anybody can copy a marker. */
  readonly isOurs: boolean;
}

/** What the notifier needs of GitHub, for one pull request. */
export interface CommentPort {
  /** Oldest first. */
  list(): Promise<readonly KnownComment[]>;
  create(body: string): Promise<{ readonly id: number }>;
  /** `gone` when somebody deleted it. */
  update(id: number, body: string): Promise<'updated' | 'gone'>;
}

export interface Upserted {
  readonly id: number;
  readonly action: 'created' | 'updated' | 'unchanged';
}

/**
 * Makes the pull request carry exactly this text, once: Healer's earlier comment with the same marker is edited, also
 * when the process that wrote it crashed before it could remember. The same text again writes nothing.
 */
export async function upsertComment(port: CommentPort, markerLine: string, body: string): Promise<Upserted> {
  const known = (await port.list()).find((comment) => comment.isOurs && comment.body.startsWith(markerLine));
  if (known !== undefined) {
    if (sameText(known.body, body)) return { id: known.id, action: 'unchanged' };
    if ((await port.update(known.id, body)) === 'updated') return { id: known.id, action: 'updated' };
  }
  const { id } = await port.create(body);
  return { id, action: 'created' };
}

/** GitHub stores CRLF when a browser edited it and drops white space at the end. */
function sameText(a: string, b: string): boolean {
  const normal = (text: string): string => text.replaceAll('\r\n', '\n').trimEnd();
  return normal(a) === normal(b);
}
