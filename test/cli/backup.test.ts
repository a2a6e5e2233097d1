import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/program.ts';
import { openStore } from '../../src/store/open.ts';
import { findRemediation, insertRemediation } from '../../src/store/remediations.ts';
import { aRemediation } from '../support/builders.ts';
import { temporaryFolder } from '../support/service.ts';
import { makeContext } from './terminal.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

async function backup(env: Record<string, string>, file: string) {
  const { context, stdout, stderr } = makeContext({ env });
  const code = await runCli(['node', 'healer', 'backup', file], context);
  return { code, said: stdout.text + stderr.text };
}

describe('healer backup', () => {
  it('copies the store while it is in use, and the copy is a store again', async () => {
    const [data, file] = [join(folder.path, 'data'), join(folder.path, 'copy.sqlite')];
    const store = await openStore({ kind: 'sqlite', dir: data });
    await store.transaction((tx) => insertRemediation(tx, aRemediation()));
    const { code, said } = await backup({ HEALER_DATA_DIR: data }, file);
    expect([code, said]).toEqual([0, `${file} holds 1 remediation.\n`]);
    await store.transaction((tx) =>
      insertRemediation(tx, aRemediation({ id: 'r2', taskId: 'ci-42', subjectKey: 'x' })),
    );
    await store.close();

    const restored = join(folder.path, 'restored');
    mkdirSync(restored);
    renameSync(file, join(restored, 'healer.sqlite'));
    const again = await openStore({ kind: 'sqlite', dir: restored });
    expect((await findRemediation(again.db, 'ci-41'))?.id).toBe(aRemediation().id);
    expect(await findRemediation(again.db, 'ci-42')).toBeNull();
    await again.close();
  });

  it('writes over nothing', async () => {
    const data = join(folder.path, 'data');
    await (await openStore({ kind: 'sqlite', dir: data })).close();
    const file = join(data, 'healer.sqlite');
    const { code, said } = await backup({ HEALER_DATA_DIR: data }, file);
    expect(code).toBe(1);
    expect(said).toContain('is there already');
  });

  it('says what to do where there is no embedded store', async () => {
    const file = join(folder.path, 'copy.sqlite');
    const nowhere = await backup({ HEALER_DATA_DIR: join(folder.path, 'nothing') }, file);
    expect([nowhere.code, nowhere.said.includes('HEALER_DATA_DIR')]).toEqual([1, true]);
    const elsewhere = await backup({ DATABASE_URL: 'postgres://u:p@127.0.0.1/healer' }, file);
    expect([elsewhere.code, elsewhere.said.includes('pg_dump')]).toEqual([1, true]);
    expect(existsSync(file)).toBe(false);
  });
});
