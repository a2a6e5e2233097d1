import { Unzip, UnzipInflate } from 'fflate';
import { type BoundedBytes, collectHeadAndTail } from '../bounded-bytes.ts';

/** Inflating stops here, whatever the archive promises: a bomb costs a second, not the process. */
const MAX_INFLATED_BYTES = 512 * 1024 * 1024;
/** Small pieces keep what one step inflates (at most a thousandfold) small. */
const PIECE_BYTES = 4 * 1024;

/** True for bytes that begin like a zip archive (local file header, or the end record of an empty one). */
export function isZip(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6))
  );
}

/** The files of an archive one after the other, in its own order, head and tail kept; never throws. */
export function unzipBounded(
  archive: Uint8Array,
  keep: { readonly headBytes: number; readonly tailBytes: number },
): BoundedBytes & { readonly damaged: boolean } {
  const collector = collectHeadAndTail(keep.headBytes, keep.tailBytes);
  let damaged = false;
  let full = false;
  const unzip = new Unzip((file) => {
    file.ondata = (error, chunk) => {
      if (error !== null) damaged = true;
      else if (!full) collector.push(chunk);
      full ||= collector.seen > MAX_INFLATED_BYTES;
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  try {
    for (let at = 0; at < archive.length && !full && !damaged; at += PIECE_BYTES) {
      const end = Math.min(at + PIECE_BYTES, archive.length);
      unzip.push(archive.subarray(at, end), end === archive.length);
    }
  } catch {
    damaged = true;
  }
  return { ...collector.finish(), damaged: damaged || full };
}
