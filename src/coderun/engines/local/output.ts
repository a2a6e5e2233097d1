import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { isCode, type OutputLimits } from './folder.ts';

/*
 * The output of a run, bounded: its first bytes (what was run and how it began) and its last (how it ended). While the
 * run lives these are a head and two halves of a tail that take turns; at its end they become one file.
 */

/** Stands for what was dropped while it is not known yet how much it will be. */
const LIVE_MARK = '\n[healer: output left out]\n';

export interface OutputLog {
  write(chunk: Uint8Array): void;
  /** Puts the parts together. Nothing may be written after it. */
  finish(): void;
}

const parts = (path: string) => ({
  head: `${path}.head`,
  older: `${path}.older`,
  newer: `${path}.newer`,
  /** There once something between head and tail was dropped. */
  gap: `${path}.gap`,
});

export function openOutputLog(path: string, limits: OutputLimits): OutputLog {
  const { head, older, newer, gap } = parts(path);
  const headFile = openSync(head, 'w', 0o600);
  let tailFile = openSync(newer, 'w', 0o600);
  let headSize = 0;
  let tailSize = 0;
  let total = 0;

  const rotate = (): void => {
    closeSync(tailFile);
    if (existsSync(older)) writeFileSync(gap, '');
    renameSync(newer, older);
    tailFile = openSync(newer, 'w', 0o600);
    tailSize = 0;
  };
  const writeTail = (chunk: Uint8Array): void => {
    let rest = chunk;
    while (rest.byteLength > 0) {
      if (tailSize >= limits.tailBytes) rotate();
      const written = writeSync(tailFile, rest.subarray(0, limits.tailBytes - tailSize));
      tailSize += written;
      rest = rest.subarray(written);
    }
  };

  return {
    write(chunk) {
      total += chunk.byteLength;
      const room = limits.headBytes - headSize;
      const first = chunk.subarray(0, room);
      if (first.byteLength > 0) headSize += writeSync(headFile, first);
      if (first.byteLength < chunk.byteLength) writeTail(chunk.subarray(first.byteLength));
    },
    finish() {
      closeSync(headFile);
      closeSync(tailFile);
      const start = readTail([head], limits.headBytes);
      const end = readTail([older, newer], limits.tailBytes);
      const left = total - start.byteLength - end.byteLength;
      const mark = left > 0 ? `\n[healer: ${left} bytes of output left out]\n` : '';
      writeFileSync(`${path}.tmp`, Buffer.concat([start, Buffer.from(mark), end]), { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
      for (const part of [head, older, newer, gap]) rmSync(part, { force: true });
    },
  };
}

/** The last bytes of a run's output, whether it has ended or not; null when there is none. */
export function readOutput(path: string, maxBytes: number): string | null {
  const { head, older, newer, gap } = parts(path);
  const whole = readTail([path], maxBytes);
  if (whole.byteLength > 0) return whole.toString('utf8');
  const end = readTail([older, newer], maxBytes);
  const start = readTail([head], maxBytes - end.byteLength);
  if (start.byteLength + end.byteLength === 0) return null;
  const mark = start.byteLength > 0 && existsSync(gap) ? LIVE_MARK : '';
  return `${start.toString('utf8')}${mark}${end.toString('utf8')}`;
}

/** The last `maxBytes` of several files in a row; files that are not there are empty. */
function readTail(paths: readonly string[], maxBytes: number): Buffer {
  const found: Buffer[] = [];
  let room = maxBytes;
  for (const path of paths.toReversed()) {
    if (room <= 0) break;
    const bytes = lastBytes(path, room);
    found.unshift(bytes);
    room -= bytes.byteLength;
  }
  return Buffer.concat(found);
}

function lastBytes(path: string, maxBytes: number): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return Buffer.alloc(0);
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, maxBytes));
    const read = readSync(file, bytes, 0, bytes.byteLength, Math.max(0, size - bytes.byteLength));
    return bytes.subarray(0, read);
  } finally {
    closeSync(file);
  }
}
