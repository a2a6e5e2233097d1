import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/*
 * V8 sizes its young generation by the machine's memory, to 64 MiB and twice that while it is copied; a service that
 * makes and drops some 60 KiB a delivery would hold all of it for nothing. Flags given on the command line would do the
 * same, but a program cannot give them to itself. Only the factor by which the generation grows is changed, which V8
 * reads each time that it grows.
 */

/** Half of the young generation, bytes: what lives through a batch of deliveries fits, so that little grows old. */
const YOUNG = 8 * 1024 * 1024;
/**
 * By how many bytes the old generation may grow before it is collected. By itself V8 lets it nearly double, and with it what
 * its dead objects hold outside of the heap: the bodies of deliveries that lived through a disk sync.
 */
const OLD_GROWTH = 10 * 1024 * 1024;
const MAX_ROUNDS = 20;

const grow = (factor: number): void => setFlagsFromString(`--semi-space-growth-factor=${factor}`);

/** Before anything else is loaded: what starting up leaves behind must not make the heap large for good. */
export function startSmall(): void {
  grow(1);
}

/**
 * After starting up: drops what it left, and gives the young generation the size that serving needs.
 * @param oldGrowth bytes by which the old generation may grow; as V8 sees fit when infinite
 */
export function settleDown(oldGrowth = OLD_GROWTH): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  collect();
  if (Number.isFinite(oldGrowth)) {
    limitOld(oldGrowth);
    // V8 reckons the limit anew at the end of a collection.
    collect();
  }
  grow(2);
  for (let round = 0; round < MAX_ROUNDS && youngBytes() < 2 * YOUNG; round += 1) {
    // It grows when much survives.
    const survivors = Array.from({ length: 20_000 }, (_, index) => ({ index, list: [index] }));
    collect({ type: 'minor' });
    survivors.length = 0;
  }
  grow(1);
}

function limitOld(growth: number): void {
  const percent = Math.ceil((100 * growth) / process.memoryUsage().heapUsed);
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
