/** Part of a text that is a secret: what kind, and from where to where (end exclusive). */
export interface Span {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  /** What makes two finds the same secret; the text itself when not given (an encoding of it has other text). */
  readonly identity?: string;
}
