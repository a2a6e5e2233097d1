import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storedCodeRuns } from '../../../src/coderun/engines/local/documents.ts';
import { codeRunRows } from '../../../src/store/coderuns.ts';
import { openStore, type Store } from '../../../src/store/open.ts';
import { draft } from '../support/drafts.ts';

let store: Store;
beforeEach(async () => {
  store = await openStore({ kind: 'memory' });
});
afterEach(() => store.close());

describe('CodeRuns in the store', () => {
  it('are isolated from one that cannot be read, which is named [R4]', async () => {
    const malformed: string[] = [];
    const codeRuns = storedCodeRuns(
      codeRunRows(store.db),
      () => 5,
      () => {},
      (name) => malformed.push(name),
    );
    const [bad, good] = [draft(), draft({ ordinal: 2 })];
    await codeRuns.create(bad);
    await codeRuns.create(good);
    await store.db.updateTable('coderuns').set({ spec: '{"service":' }).where('name', '=', bad.name).execute();
    expect((await codeRuns.listActive()).map((run) => run.name)).toEqual([good.name]);
    expect(malformed).toEqual([bad.name]);
    await expect(codeRuns.get(bad.name)).rejects.toThrow(bad.name);
    await codeRuns.requestCancel(bad.name);
  });

  it('are listed oldest first', async () => {
    let now = 100;
    const codeRuns = storedCodeRuns(
      codeRunRows(store.db),
      () => now--,
      () => {},
      () => {},
    );
    const names = [];
    for (let ordinal = 1; ordinal <= 5; ordinal += 1) {
      names.unshift((await codeRuns.create(draft({ ordinal }))).codeRun.name);
    }
    expect((await codeRuns.listActive()).map((run) => run.name)).toEqual(names);
  });

  it('are found by what the engine calls them, however many', async () => {
    const codeRuns = storedCodeRuns(
      codeRunRows(store.db),
      () => 5,
      () => {},
      () => {},
    );
    const { codeRun } = await codeRuns.create(draft());
    const many = Array.from({ length: 1200 }, (_, index) => `uid-${index}`);
    expect(await codeRuns.byUid([...many, codeRun.uid])).toEqual([codeRun]);
    expect(await codeRuns.byUid([])).toEqual([]);
  });
});
