/** Bytes that were kept of a longer stream. */
export interface BoundedBytes {
  readonly bytes: Uint8Array;
  /** How many bytes of the stream are missing between head and tail; 0 when all of it is there. */
  readonly cutBytes: number;
}

export interface BoundedCollector {
  push(chunk: Uint8Array): void;
  /** Bytes seen so far, kept or not. */
  readonly seen: number;
  finish(): BoundedBytes;
}

/**
 * Keeps the first `headBytes` and the last `tailBytes` of a stream of unknown length in bounded memory (at most twice
 * the tail). What fell out between the two is named on a line of its own, so that nobody takes the joint for the
 * original text.
 */
export function collectHeadAndTail(headBytes: number, tailBytes: number): BoundedCollector {
  const head: Uint8Array[] = [];
  let headSize = 0;
  let tail: Uint8Array[] = [];
  let tailSize = 0;
  let seen = 0;

  const compact = (): void => {
    const joined = Buffer.concat(tail);
    tail = [Buffer.from(joined.subarray(Math.max(0, joined.length - tailBytes)))];
    tailSize = tail[0]?.length ?? 0;
  };

  return {
    get seen() {
      return seen;
    },
    push(chunk) {
      seen += chunk.length;
      const forHead = chunk.subarray(0, Math.max(0, headBytes - headSize));
      if (forHead.length > 0) {
        head.push(forHead);
        headSize += forHead.length;
      }
      const rest = chunk.subarray(forHead.length);
      if (rest.length === 0 || tailBytes === 0) return;
      tail.push(rest);
      tailSize += rest.length;
      if (tailSize > tailBytes * 2) compact();
    },
    finish() {
      if (tailSize > tailBytes) compact();
      const cutBytes = seen - headSize - tailSize;
      const joint =
        cutBytes === 0 ? [] : [Buffer.from(`\n[healer: ${cutBytes} bytes of this text were left out here]\n`)];
      return { bytes: Buffer.concat([...head, ...joint, ...tail]), cutBytes };
    },
  };
}
