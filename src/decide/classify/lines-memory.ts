import { LINES_WASM } from './lines-wasm.ts';

/** As much of WebAssembly as is used here; Node's types leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  readonly Memory: new (size: { readonly initial: number }) => WasmMemory;
};
interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** What lines.wat exports; its comments say what each does. Positions are addresses in memory. */
interface LinesCode {
  readonly from: (start: number, out: number) => number;
  readonly around: (at: number, out: number) => number;
  readonly copy: (from: number, to: number, out: number) => number;
}

const PAGE = 64 * 1024;
/** Vectors are read beyond both ends of a window and written beyond what is kept. */
const MARGIN = 64;

/** Bytes of a log that are at hand at a time: as many as a tail that is worth reading has. */
export const WINDOW_BYTES = 64 * 1024;
/** Where a window begins. */
export const WINDOW = MARGIN;
/** Where there is room for what is kept. */
export const KEPT = WINDOW + WINDOW_BYTES + MARGIN;

/** The memory that lines.wat works in, one for all logs: nothing waits between filling it and reading what it holds. */
export class LinesMemory {
  bytes: Buffer;
  words: Int32Array;
  readonly code: LinesCode;
  private readonly memory: WasmMemory;

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: 3 });
    const module = new WebAssembly.Module(Buffer.from(LINES_WASM, 'base64'));
    this.code = new WebAssembly.Instance(module, { lines: { memory: this.memory } }).exports as LinesCode;
    this.bytes = Buffer.from(this.memory.buffer);
    this.words = new Int32Array(this.memory.buffer);
  }

  /** Makes sure that what ends before `end` can be written. */
  reserve(end: number): void {
    const missing = end + MARGIN - this.bytes.length;
    if (missing <= 0) return;
    this.memory.grow(Math.ceil(missing / PAGE));
    this.bytes = Buffer.from(this.memory.buffer);
    this.words = new Int32Array(this.memory.buffer);
  }
}

let memory: LinesMemory | null = null;

export function linesMemory(): LinesMemory {
  memory ??= new LinesMemory();
  return memory;
}
