const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** How deep the objects in `{ …, "items": [ {…}, {…} ] }` begin. */
const ITEM_DEPTH = 2;

/**
 * Takes a list of the Kubernetes API apart while it is on its way, so that of thousands of objects with long texts only
 * one is in memory as bytes and text at a time. A list is one document with one list in it at its first level, `items`.
 * Calls `onItem` with the JSON text of each object; gives the document without them, and its size in bytes.
 */
export async function takeItems(
  body: AsyncIterable<Uint8Array>,
  onItem: (text: string) => void,
): Promise<{ readonly rest: string; readonly bytes: number }> {
  const rest: Uint8Array[] = [];
  let item: Uint8Array[] = [];
  const scanner = new Scanner();
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    for (let from = 0; from < chunk.length; ) {
      const { isInside: wasInside, isInList: wasInList } = scanner;
      const to = scanner.scan(chunk, from);
      const part = chunk.subarray(from, to);
      if (wasInside) item.push(part);
      // What stands between two objects is left out with them; what is kept for longer must not keep the whole chunk.
      else if (!wasInList || !scanner.isInList) rest.push(new Uint8Array(part));
      from = to;
      if (!wasInside || scanner.isInside) continue;
      onItem(textOf(item));
      item = [];
    }
  }
  return { rest: textOf(rest), bytes };
}

function textOf(parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString('utf8');
}

/** Knows, from byte to byte, where in the list it is. */
class Scanner {
  /** Between the brackets of the list. */
  isInList = false;
  /** Inside of one of its objects. */
  isInside = false;
  #depth = 0;
  #isText = false;
  #isEscaped = false;

  /** Goes on to where an object begins or has ended, at most to the end of the chunk; gives where it stopped. */
  scan(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (this.#isText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isText = false;
      } else if (byte === QUOTE) this.#isText = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        if (this.#opens(byte)) return at;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        if (this.#closes(byte)) return at + 1;
      }
    }
    return chunk.length;
  }

  /** Whether an object of the list begins with this byte; asked again for the same byte, it is inside. */
  #opens(byte: number): boolean {
    if (byte === OPEN_OBJECT && this.isInList && this.#depth === ITEM_DEPTH && !this.isInside) {
      this.isInside = true;
      return true;
    }
    if (byte === OPEN_LIST && this.#depth === 1) this.isInList = true;
    this.#depth += 1;
    return false;
  }

  /** Whether an object of the list ends with this byte. */
  #closes(byte: number): boolean {
    this.#depth -= 1;
    if (byte === CLOSE_LIST && this.#depth === 1) this.isInList = false;
    if (!this.isInside || this.#depth > ITEM_DEPTH) return false;
    this.isInside = false;
    return true;
  }
}
