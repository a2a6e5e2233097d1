import { closeSync, openSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const FOLLOW_MS = 100;
const PIECE_BYTES = 64 * 1_024;
/** The end of the log that may become a termination message (kubelet: 80 lines, 2,048 bytes). */
const FALLBACK = { lines: 80, bytes: 2_048 };

/** One container's output: a line of time, stream and text for each line, as container runtimes keep it. */
export class LogWriter {
  readonly #file: number;
  readonly #rests: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  write(stream: 'stdout' | 'stderr', text: string): void {
    const lines = (this.#rests[stream] + text).split('\n');
    this.#rests[stream] = lines.pop() ?? '';
    const time = new Date().toISOString();
    if (lines.length > 0) writeSync(this.#file, lines.map((line) => `${time} ${stream} F ${line}\n`).join(''));
  }

  close(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      // A last line without its end.
      if (this.#rests[stream] !== '') {
        writeSync(this.#file, `${new Date().toISOString()} ${stream} P ${this.#rests[stream]}\n`);
      }
    }
    closeSync(this.#file);
  }
}

export interface LogOptions {
  readonly isFollowing: boolean;
  readonly tailLines: number | null;
  readonly limitBytes: number | null;
  /** Milliseconds since the epoch. */
  readonly since: number | null;
  readonly hasTimestamps: boolean;
}

/** What `kubectl logs` shows, piece by piece. `isOpen` says whether more may come. */
export async function* readLog(path: string, options: LogOptions, isOpen: () => boolean): AsyncGenerator<string> {
  const file = await open(path, 'r');
  try {
    const entries = parse(await readRest(file)).filter(
      (entry) => options.since === null || Date.parse(entry.time) >= options.since,
    );
    const shown = options.tailLines === null ? entries : entries.slice(Math.max(0, entries.length - options.tailLines));
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
    for (let batch = shown; ; ) {
      const text = batch.map((entry) => show(entry, options)).join('');
      const cut = Buffer.from(text).subarray(0, left).toString('utf8');
      left -= Buffer.byteLength(text);
      if (cut !== '') yield cut;
      if (left <= 0 || !options.isFollowing) return;
      const wasOpen = isOpen();
      batch = parse(await readRest(file));
      if (batch.length === 0 && !wasOpen) return;
      if (batch.length === 0) await delay(FOLLOW_MS);
    }
  } finally {
    await file.close();
  }
}

/** What stands for a termination message when the container wrote none. */
export async function fallbackMessage(path: string): Promise<string> {
  const options = {
    isFollowing: false,
    tailLines: FALLBACK.lines,
    limitBytes: null,
    since: null,
    hasTimestamps: false,
  };
  let text = '';
  for await (const piece of readLog(path, options, () => false)) text += piece;
  return Buffer.from(text).subarray(-FALLBACK.bytes).toString('utf8');
}

interface Entry {
  readonly time: string;
  readonly isWhole: boolean;
  readonly text: string;
}

function parse(text: string): Entry[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\S+) \S+ ([FP]) (.*)$/.exec(line);
    return match === null ? [] : [{ time: match[1] ?? '', isWhole: match[2] === 'F', text: match[3] ?? '' }];
  });
}

function show(entry: Entry, { hasTimestamps }: LogOptions): string {
  return `${hasTimestamps ? `${entry.time} ` : ''}${entry.text}${entry.isWhole ? '\n' : ''}`;
}

/** From where the file was read last. Lines are written whole. */
async function readRest(file: FileHandle): Promise<string> {
  const pieces: Buffer[] = [];
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES, null);
    if (bytesRead === 0) return Buffer.concat(pieces).toString('utf8');
    pieces.push(buffer.subarray(0, bytesRead));
  }
}
