import { LINES_WASM } from './lines-wasm.ts';
import { WasmMemory } from './wasm-memory.ts';

/** What lines.wat exports; its comments say what each does. Positions are addresses in memory. */
interface LinesCode {
  readonly from: (start: number, out: number) => number;
  readonly around: (at: number, out: number) => number;
  readonly copy: (from: number, to: number, out: number) => number;
}

/** Vectors are read beyond both ends of a window and written beyond what is kept. */
const MARGIN = 64;

/** Bytes of a log that are at hand at a time: as many as a tail that is worth reading has. */
export const WINDOW_BYTES = 64 * 1024;
/** Where a window begins. */
export const WINDOW = MARGIN;
/** Where there is room for what is kept. */
export const KEPT = WINDOW + WINDOW_BYTES + MARGIN;

/** The memory that lines.wat works in, one for all logs: nothing waits between filling it and reading what it holds. */
export class LinesMemory extends WasmMemory<LinesCode> {
  constructor() {
    super(LINES_WASM, 'lines', 3);
  }

  /** Makes sure that what ends before `end` can be written. */
  override reserve(end: number): void {
    super.reserve(end + MARGIN);
  }
}

let memory: LinesMemory | null = null;

export function linesMemory(): LinesMemory {
  memory ??= new LinesMemory();
  return memory;
}
