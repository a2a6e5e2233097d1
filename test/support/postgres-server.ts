import { execFile, execFileSync } from 'node:child_process';
import { accessSync, chownSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { onFreePort } from './ports.ts';

const run = promisify(execFile);
const PROGRAMS = ['initdb', 'pg_ctl', 'postgres'];
/** Where Debian keeps them, one folder a version. */
const DEBIAN = '/usr/lib/postgresql';
/** For a machine under load. */
const END_MS = 30_000;
/** Nothing here has to outlive the tests. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };

/** The folder with PostgreSQL's server programs; null when this machine has none. */
export function findPrograms(): string | null {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...debian.map((version) => join(DEBIAN, version, 'bin')),
  ];
  return folders.find((folder) => PROGRAMS.every((program) => isExecutable(join(folder, program)))) ?? null;
}

/** Starts a server whose files are all in `home`; returns its address without a database. */
export async function startServer(programs: string, home: string): Promise<string> {
  const user = serverUser();
  const options = user === null ? {} : user;
  if (user !== null) chownSync(home, user.uid, user.gid);
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, LC_ALL: 'C' };
  const data = dataDir(home);
  const init = ['-D', data, '-U', 'healer', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  await run(join(programs, 'initdb'), init, { ...options, env, cwd: home });
  return onFreePort(
    async (port) => {
      const settings = Object.entries({ ...SETTINGS, port: String(port), listen_addresses: '127.0.0.1' })
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' ');
      const log = join(home, 'log');
      const start = ['start', '-w', '-s', '-D', data, '-l', log, '-o', `${settings} -k ${home}`];
      try {
        await run(join(programs, 'pg_ctl'), start, { ...options, env, cwd: home });
        return `postgres://healer@127.0.0.1:${port}`;
      } catch (cause) {
        const said = existsSync(log) ? readFileSync(log, 'utf8').slice(-2_000) : '';
        // Whatever hindered it: with another port it may go.
        throw new NotStarted(`PostgreSQL did not start: ${said}`, { cause });
      }
    },
    (error) => error instanceof NotStarted,
  );
}

class NotStarted extends Error {}

/** Ends the server in `home`, if one runs there, and waits until it is gone. Nothing is saved. */
export function stopServer(home: string): void {
  const file = join(dataDir(home), 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isRunning(pid)) return;
  // SIGQUIT is PostgreSQL's “immediate shutdown”.
  process.kill(pid, 'SIGQUIT');
  const end = Date.now() + END_MS;
  while (isRunning(pid) && Date.now() < end) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
}

/** Whether the process is there and does something: what has ended and is only not asked after yet, does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The state is the first word after the name, which stands in brackets.
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return true;
  }
}

function dataDir(home: string): string {
  return join(home, 'data');
}

/** PostgreSQL refuses to run as root; then it runs as the user that packages make for it, or as nobody. */
function serverUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // No such user; the next one.
    }
  }
  throw new Error('PostgreSQL cannot run as root, and there is neither a user “postgres” nor “nobody”.');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
