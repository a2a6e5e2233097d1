#!/usr/bin/env node
// Healer needs Node 24 (node:sqlite, TypeScript without a build step). A clone brings it through npm; under an older
// Node this file hands over to that one, so that `npx healer` and `npm run healer` work wherever npm works.
// The file is written for any Node from 14 on.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** When a service has loaded what it needs. */
const WRITE_CODE_MS = 5_000;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'src', 'main.ts');
const entry = existsSync(source) ? source : join(root, 'dist', 'main.js');
const isNewEnough = Number(process.versions.node.split('.')[0]) >= 24;

if (isNewEnough) {
  silenceExperiments();
  keepCompiledCode();
  await import(pathToFileURL(entry).href);
} else handOver(bundledNode());

// node:sqlite still announces itself as experimental; everything else is shown as usual.
function silenceExperiments() {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') console.error(`${warning.name}: ${warning.message}`);
  });
}

// Nearly all of a start is reading code; Node keeps what it made of it, here already, so that the part that strips types
// need not even be loaded. Not in the shared temporary folder, where others could put something into our place.
function keepCompiledCode() {
  module.enableCompileCache(join(root, 'node_modules', '.cache', 'healer'));
  // It is written at the end of a process, and a service may be killed before its end.
  if (module.flushCompileCache) setTimeout(() => module.flushCompileCache(), WRITE_CODE_MS).unref();
}

function handOver(node) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', entry, ...process.argv.slice(2)], {
    stdio: 'inherit',
    // The service ends when this process does, also when nobody could pass a signal on.
    env: { ...process.env, HEALER_ENDS_WITH_PARENT: '1' },
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
}

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
