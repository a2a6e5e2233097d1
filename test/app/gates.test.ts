import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { gatedEngine, gatedWords } from '../../src/app/gates.ts';
import { createLog } from '../../src/app/log.ts';
import type { Engine } from '../../src/coderun/engine.ts';
import type { CodeRunDraft } from '../../src/coderun/schema.ts';
import { openGate } from '../../src/safety/index.ts';
import { plantedSecrets } from '../support/secrets.ts';

const OWN = 'a-value-of-our-own-settings';
const [{ text: token = '' } = {}] = plantedSecrets('edges');
const gate = openGate([OWN]);

describe('the gate at the edges', () => {
  it('lets no secret into a CodeRun, and leaves what has to be exact', async () => {
    const drafts: CodeRunDraft[] = [];
    const engine = { create: async (draft: CodeRunDraft) => drafts.push(draft), kind: 'local' } as unknown as Engine;
    const spec = { prompt: `a ${token}`, promptModification: OWN, acceptanceCriteria: 'None.', branch: `x/${OWN}` };
    const draft = { name: 'healer-ci-rex-00000001', labels: {}, annotations: {}, spec } as unknown as CodeRunDraft;
    await gatedEngine(engine, gate).create(draft);
    expect(drafts[0]?.spec).toEqual({
      prompt: 'a «redacted:github-token:1»',
      promptModification: '«redacted:healer-setting:1»',
      acceptanceCriteria: 'None.',
      branch: `x/${OWN}`,
    });
    expect(gatedEngine(engine, gate).kind).toBe('local');
  });

  it('lets no secret into words for GitHub, and leaves names of branches exact', () => {
    const sent = gatedWords(gate)({
      title: `Repair ${OWN}`,
      body: `token ${token}`,
      output: { title: 'Healer', summary: OWN, annotations: [{ message: token }] },
      head: `fix/${token}`,
      base: 'main',
    });
    expect(sent).toEqual({
      title: 'Repair «redacted:healer-setting:1»',
      body: 'token «redacted:github-token:1»',
      output: {
        title: 'Healer',
        summary: '«redacted:healer-setting:1»',
        annotations: [{ message: '«redacted:github-token:1»' }],
      },
    });
  });

  it('lets no secret into the log: in fields, in lists, in errors', async () => {
    const lines: string[] = [];
    const sink = new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    });
    const log = createLog('info', sink, [OWN]);
    log.info(
      { detail: `x ${token}`, list: [OWN], inner: { error: new Error(`no ${OWN}`) }, count: 3 },
      'something happened',
    );
    await new Promise((done) => setImmediate(() => setImmediate(done)));
    const line = JSON.parse(lines.join('')) as Record<string, unknown>;
    expect(line).toMatchObject({ msg: 'something happened', count: 3, detail: 'x «redacted:github-token:1»' });
    expect(lines.join('')).not.toContain(OWN);
    expect(lines.join('')).not.toContain(token);
  });

  it('leaves what holds none as it is, without a copy', () => {
    const value = { a: ['b', { c: 1 }], d: null };
    expect(gate.deep(value)).toBe(value);
  });
});
