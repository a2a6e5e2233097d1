/** The text of src/decide/classify/scan-wasm.ts, from scan.wat beside it; `npm run generate` writes it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';

const SOURCE = join(import.meta.dirname, '../src/decide/classify/scan.wat');

export async function scanWasm(): Promise<string> {
  const { parseWat } = await wabt();
  const parsed = parseWat('scan.wat', readFileSync(SOURCE, 'utf8'), { simd: true, mutable_globals: true });
  const { buffer } = parsed.toBinary({});
  const lines =
    Buffer.from(buffer)
      .toString('base64')
      .match(/.{1,110}/g) ?? [];
  return [
    '/** scan.wat, assembled by `npm run generate`; a test compares the two. */',
    'export const SCAN_WASM = [',
    ...lines.map((line) => `  '${line}',`),
    "].join('');",
    '',
  ].join('\n');
}
