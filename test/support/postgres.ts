import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { describe, inject, it } from 'vitest';
import type {} from './postgres-global.ts';
import { findPrograms, startServer } from './postgres-server.ts';

const ADVICE =
  'install PostgreSQL’s server programs (Debian: apt-get install postgresql), in PATH or /usr/lib/postgresql';

/** Why suites on PostgreSQL cannot run here; null when they can. */
export const postgresAbsent: string | null = findPrograms() === null ? `no PostgreSQL here; ${ADVICE}` : null;

/**
 * A suite that needs PostgreSQL. Without it the suite is skipped and its name says why; where it is required
 * (HEALER_TEST_REQUIRE_POSTGRES=1) it fails instead.
 */
export function describeOnPostgres(name: string, suite: () => void): void {
  if (postgresAbsent === null) {
    describe(name, suite);
  } else if (process.env['HEALER_TEST_REQUIRE_POSTGRES'] === '1') {
    it(`${name}: needs PostgreSQL`, () => {
      throw new Error(`HEALER_TEST_REQUIRE_POSTGRES=1, but there is ${postgresAbsent}`);
    });
  } else {
    console.warn(`Skipped: ${name}: ${postgresAbsent}`);
    describe.skip(`${name} (skipped: ${postgresAbsent})`, suite);
  }
}

/** The address of a database that nobody else uses. The first caller of a test run starts the server. */
export async function freshDatabase(): Promise<string> {
  const server = await sharedServer(inject('postgresHome'));
  const name = `healer_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: `${server}/postgres` });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  return `${server}/${name}`;
}

/** Suites run in processes of their own; the folder is how they find one another. */
async function sharedServer(home: string): Promise<string> {
  const url = join(home, 'url');
  const failure = join(home, 'failure');
  if (isFirst(join(home, 'starting'))) {
    try {
      publish(url, await startServer(findPrograms() ?? '', home));
    } catch (error) {
      publish(failure, String(error));
    }
  }
  while (!existsSync(url)) {
    if (existsSync(failure)) throw new Error(readFileSync(failure, 'utf8'));
    await delay(20);
  }
  return readFileSync(url, 'utf8');
}

function isFirst(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Whole or not at all: others may be looking. */
function publish(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
