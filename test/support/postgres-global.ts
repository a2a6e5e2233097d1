import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { isRunning, stopServer } from './postgres-server.ts';

const PREFIX = 'healer-test-postgres-';

declare module 'vitest' {
  export interface ProvidedContext {
    /** An empty folder in which the first suite that needs PostgreSQL starts the server of this test run. */
    postgresHome: string;
  }
}

/** Costs nothing until a suite asks for PostgreSQL; stops the server at the end, however the tests went. */
export default function setup({ provide }: TestProject): () => void {
  sweep();
  const home = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  provide('postgresHome', home);
  return () => {
    stopServer(home);
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  };
}

/** A run that was killed could not clean up; its server ends here. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isRunning(Number(owner))) continue;
    const home = join(tmpdir(), name);
    stopServer(home);
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  }
}
