import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MODULE = join(import.meta.dirname, '../loki');
/** The first build downloads some 900 modules and compiles them; two slow cores need a quarter of an hour. */
const LONGEST_BUILD_MS = 3_600_000;

/** Programs that tests are held against are compiled once for a version and kept here. */
function cacheDir(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(base, 'healer-test-servers');
}

/** Where the compiled Loki is or will be: another version, other modules or another machine is another file. */
export function lokiProgram(): string {
  const digest = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) digest.update(readFileSync(join(MODULE, file)));
  return join(cacheDir(), `loki-${process.platform}-${process.arch}-${digest.digest('hex').slice(0, 16)}`);
}

/** Compiles Loki from its published Go modules unless that was done before. Throws with the compiler's words. */
export async function buildLoki(): Promise<string> {
  const program = lokiProgram();
  if (existsSync(program)) return program;
  mkdirSync(cacheDir(), { recursive: true });
  const temporary = `${program}.${process.pid}.tmp`;
  console.log('Compiling Loki; this is done once and takes a quarter of an hour …');
  const words = ['build', '-trimpath', '-ldflags', '-s -w', '-o', temporary, 'github.com/grafana/loki/v3/cmd/loki'];
  await run('nice', ['-n', '15', 'go', ...words], {
    cwd: MODULE,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' },
    timeout: LONGEST_BUILD_MS,
    maxBuffer: 16 * 1024 * 1024,
  });
  renameSync(temporary, program);
  return program;
}
