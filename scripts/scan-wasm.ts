/**
 * The texts of src/decide/classify/scan-wasm.ts and lines-wasm.ts, from scan.wat and lines.wat beside them;
 * `npm run generate` writes them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';

const FOLDER = join(import.meta.dirname, '../src/decide/classify');

export const scanWasm = (): Promise<string> => assembled('scan.wat', 'SCAN_WASM');
export const linesWasm = (): Promise<string> => assembled('lines.wat', 'LINES_WASM');

async function assembled(source: string, name: string): Promise<string> {
  const { parseWat } = await wabt();
  const parsed = parseWat(source, readFileSync(join(FOLDER, source), 'utf8'), { simd: true, mutable_globals: true });
  const { buffer } = parsed.toBinary({});
  const lines =
    Buffer.from(buffer)
      .toString('base64')
      .match(/.{1,110}/g) ?? [];
  return [
    `/** ${source}, assembled by \`npm run generate\`; a test compares the two. */`,
    `export const ${name} = [`,
    ...lines.map((line) => `  '${line}',`),
    "].join('');",
    '',
  ].join('\n');
}
