import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { isCode } from './folder.ts';

/** Every process of a run carries it in its environment, however far it has detached itself. */
export const RUN_UID_VARIABLE = 'HEALER_RUN_UID';

const isLinux = process.platform === 'linux';

/**
 * What sets a process apart from a later one with the same pid: its start time, with the boot it belongs to. Null when
 * the process is not there or only a zombie.
 */
export function processStart(pid: number): string | null {
  if (isLinux) {
    const stat = readStat(pid);
    return stat === null || stat.isZombie ? null : `${bootId()}/${stat.startTicks}`;
  }
  const line = ps(['-o', 'stat=,lstart=', '-p', String(pid)])[0];
  return line === undefined || line.startsWith('Z') ? null : line.replace(/^\S+\s+/, '');
}

/** The living processes of a run: its process group, and on Linux also those that left the group. */
export function processesOf(uid: string, group: number | null): readonly number[] {
  if (!isLinux) return group === null ? [] : groupByPs(group);
  return living(uid)
    .filter((process) => process.group === group || process.isOurs)
    .map(({ pid }) => pid);
}

/**
 * The same long after the run was last looked at: numbers of processes come round again, so a group counts only while
 * something in it still carries the run's mark. Elsewhere than on Linux there is no telling.
 */
export function remainsOf(uid: string, group: number | null): readonly number[] {
  if (!isLinux) return group === null ? [] : groupByPs(group);
  const all = living(uid);
  const isGroupOurs = all.some((process) => process.isOurs && process.group === group);
  return all.filter((process) => process.isOurs || (isGroupOurs && process.group === group)).map(({ pid }) => pid);
}

interface Living {
  readonly pid: number;
  readonly group: number;
  /** It carries the mark of the run. */
  readonly isOurs: boolean;
}

/** Every living process but this one; Linux only. */
function living(uid: string): readonly Living[] {
  const marker = Buffer.from(`${RUN_UID_VARIABLE}=${uid}\0`);
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).flatMap((pid) => {
    if (pid === process.pid) return [];
    const stat = readStat(pid);
    if (stat === null || stat.isZombie) return [];
    return [{ pid, group: stat.group, isOurs: hasMarker(pid, marker) }];
  });
}

/** Sends a signal to each process that is still there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone meanwhile, which is what was wanted; or not ours, then nothing can be done.
    }
  }
}

interface Stat {
  readonly isZombie: boolean;
  readonly group: number;
  readonly startTicks: string;
}

/** Fields of `/proc/<pid>/stat` after the command name, which may itself hold spaces and brackets: proc(5). */
function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return {
      isZombie: fields[0] === 'Z' || fields[0] === 'X',
      group: Number(fields[2]),
      startTicks: fields[19] ?? '',
    };
  } catch (error) {
    // Only these say that there is no such process. One that cannot be read for another reason (no file handles, no memory)
    // must not be taken for gone: its run would be given up, and its agent killed.
    if (isCode(error, 'ENOENT', 'ESRCH')) return null;
    throw error;
  }
}

let knownBootId: string | null = null;

function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return knownBootId;
}

function hasMarker(pid: number, marker: Buffer): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`);
    const at = environment.indexOf(marker);
    return at === 0 || (at > 0 && environment[at - 1] === 0);
  } catch {
    return false;
  }
}

function groupByPs(group: number): readonly number[] {
  return ps(['-axo', 'pid=,pgid=,stat='])
    .map((line) => line.split(/\s+/))
    .filter(([, pgid, stat]) => Number(pgid) === group && !stat?.startsWith('Z'))
    .map(([pid]) => Number(pid));
}

/** Start times are told in the reader's time zone and language, which must not differ between two readers. */
const PS_ENVIRONMENT = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' };

function ps(parameters: readonly string[]): readonly string[] {
  try {
    const text = execFileSync('ps', parameters, {
      encoding: 'utf8',
      env: PS_ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
