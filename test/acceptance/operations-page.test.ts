import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';
import { findPrograms } from '../support/postgres-server.ts';
import { type RunningService, startService, temporaryFolder } from '../support/service.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text ?? '');
const run = promisify(execFile);

describeOnPostgres('docs/operations.md', () => {
  const folder = temporaryFolder();
  const env: Record<string, string> = {};
  let service: RunningService;
  beforeAll(async () => {
    // `healer` as an installation has it, and PostgreSQL's own programs.
    const programs = join(folder.path, 'bin');
    mkdirSync(programs);
    writeFileSync(join(programs, 'healer'), `#!/bin/sh\nexec "${process.execPath}" "${ROOT}/bin/healer.js" "$@"\n`, {
      mode: 0o755,
    });
    const path = [programs, findPrograms() ?? '', process.env['PATH'] ?? ''].join(delimiter);
    const home = {
      HOME: folder.path,
      HEALER_DATA_DIR: join(folder.path, 'data'),
      GITHUB_API_URL: 'http://127.0.0.1:9',
    };
    service = await startService({ ...home, PATH: path });
    const databases = { DATABASE_URL: await freshDatabase(), RESTORE_URL: await freshDatabase() };
    await (await openStore({ kind: 'postgres', url: databases.DATABASE_URL })).close();
    Object.assign(env, home, { PATH: path, HEALER_URL: service.url }, databases);
  });
  afterAll(async () => {
    await service.stop();
    folder.remove();
  });

  it('has commands to run', () => {
    expect(blocks.length).toBeGreaterThan(6);
  });

  it('has commands that do what it says, in the order of the page', async () => {
    for (const block of blocks) {
      // PostgreSQL's blocks name their database; the others are about the embedded store.
      const { DATABASE_URL: database = '', ...embedded } = env;
      const needsDatabase = block.includes('DATABASE_URL') && !block.includes('RESTORE_URL');
      const own = needsDatabase ? { ...embedded, DATABASE_URL: database } : embedded;
      const ran = await run('bash', ['-euc', block], { cwd: folder.path, env: own }).catch((error: unknown) => error);
      expect(ran instanceof Error ? `${ran.message}\n${(ran as { stdout?: string }).stdout}` : null, block).toBeNull();
    }
  });
});
