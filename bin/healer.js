#!/usr/bin/env node
// Healer needs Node 24 (node:sqlite, TypeScript without a build step). A clone brings it through npm; under an older
// Node this file hands over to that one, so that `npx healer` and `npm run healer` work wherever npm works.
// The file is written for any Node from 12 on.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const own = Number(process.versions.node.split('.')[0]);
const node = own >= 24 ? process.execPath : bundledNode();
const built = join(root, 'dist', 'main.js');
const entry = existsSync(join(root, 'src', 'main.ts')) ? join(root, 'src', 'main.ts') : built;

const child = spawn(node, ['--disable-warning=ExperimentalWarning', entry, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`healer: could not start ${node}: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else process.exit(code === null ? 1 : code);
});

function bundledNode() {
  const names = [
    `node-${process.platform}-${process.arch}`,
    `node-bin-${process.platform}-${process.arch}`,
    `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
  ];
  for (const name of names) {
    for (const file of ['bin/node', 'bin/node.exe']) {
      const path = join(root, 'node_modules', name, file);
      if (existsSync(path)) return path;
    }
  }
  console.error(
    `healer: needs Node 24 or later, this is ${process.version} and no newer one is installed beside it.\n` +
      'Run `npm ci` in the clone (without --omit=optional), or install Node 24.',
  );
  process.exit(1);
}
