/** As much of WebAssembly as is used here; Node's types leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  readonly Memory: new (size: {
    readonly initial: number;
  }) => {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  };
};

const PAGE = 64 * 1024;

/**
 * The memory that an assembled module works in, and what the module exports. One of a kind for the process, because the
 * engine sets gigabytes of addresses aside for each.
 */
export class WasmMemory<Code extends object> {
  /** Others after `reserve`. */
  bytes: Buffer;
  words: Int32Array;
  readonly code: Code;
  private readonly memory: InstanceType<typeof WebAssembly.Memory>;

  /**
   * @param assembled the module in base64, which imports `memory` from `name`
   * @param pages of 64 KiB to begin with, as many as the module asks for
   */
  constructor(assembled: string, name: string, pages: number) {
    this.memory = new WebAssembly.Memory({ initial: pages });
    const module = new WebAssembly.Module(Buffer.from(assembled, 'base64'));
    this.code = new WebAssembly.Instance(module, { [name]: { memory: this.memory } }).exports as Code;
    this.bytes = Buffer.from(this.memory.buffer);
    this.words = new Int32Array(this.memory.buffer);
  }

  /** Makes sure that there are so many bytes. */
  reserve(size: number): void {
    const missing = size - this.bytes.length;
    if (missing <= 0) return;
    this.memory.grow(Math.ceil(missing / PAGE));
    this.bytes = Buffer.from(this.memory.buffer);
    this.words = new Int32Array(this.memory.buffer);
  }
}
