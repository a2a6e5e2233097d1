/** Writes what is made from other sources: `npm run generate`. Tests compare each file with what would be written. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { codeRunPage } from './coderun-doc.ts';
import { dashboard } from './dashboard.ts';
import { metricsPage } from './metrics-doc.ts';
import { linesWasm, scanWasm } from './scan-wasm.ts';
import { settingsPage } from './settings-doc.ts';

const FILES: Readonly<Record<string, () => string | Promise<string>>> = {
  'charts/healer/dashboards/healer.json': () => `${JSON.stringify(dashboard(), null, 2)}\n`,
  'docs/coderun.md': codeRunPage,
  'docs/metrics.md': metricsPage,
  'docs/settings.md': settingsPage,
  'src/decide/classify/lines-wasm.ts': linesWasm,
  'src/decide/classify/scan-wasm.ts': scanWasm,
};

for (const [path, make] of Object.entries(FILES)) {
  writeFileSync(resolve(import.meta.dirname, '..', path), await make());
  console.log(path);
}
