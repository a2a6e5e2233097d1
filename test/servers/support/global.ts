import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { buildLoki, lokiProgram } from './build.ts';

function isInPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Before any suite: says what is missing, and compiles without the time-out of a test over it. */
export default async function setup(): Promise<void> {
  const missing = [
    ...(isInPath('prometheus-alertmanager') ? [] : ['prometheus-alertmanager (Debian: the package of that name)']),
    ...(existsSync(lokiProgram()) || isInPath('go')
      ? []
      : ['go 1.26 or newer (https://go.dev/dl), which compiles Loki']),
  ];
  if (missing.length > 0) throw new Error(`npm run test:servers needs ${missing.join(' and ')} in PATH.`);
  await buildLoki();
}
