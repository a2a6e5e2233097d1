import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingKeys } from '../../src/app/settings.ts';
import { admissionGates } from '../../src/decide/admit/admission.ts';
import { COMMANDS, VERBS } from '../../src/decide/admit/command.ts';
import { parseRepositoryConfig } from '../../src/decide/repository-config/schema.ts';
import { REASONS } from '../../src/model/reason.ts';
import { policy } from '../decide/admit/policy.ts';
import { aCiSignal } from '../support/builders.ts';
import { NOON } from '../support/clock.ts';

const read = (name: string): string => readFileSync(resolve(import.meta.dirname, '../../docs', name), 'utf8');

describe('docs/commands.md', () => {
  it('lists every command as help does, with who may', () => {
    const rows = [...read('commands.md').matchAll(/^\| `\/healer (\w+)(?: ([^`]+))?` \| .* \| (write|maintain) \|$/gm)];
    expect(rows.map(([, verb, argument = '', needs]) => [verb, argument, needs])).toEqual(
      VERBS.map((verb) => [verb, COMMANDS[verb].argument, COMMANDS[verb].needs]),
    );
  });
});

describe('docs/repository-config.md', () => {
  const document = read('repository-config.md');
  const example = /```yaml\n([\s\S]*?)```/.exec(document)?.[1] ?? '';
  const agents = ['atlas', 'blaze', 'bolt', 'cipher', 'rex'];

  it('opens with an example that is valid and shows every key', () => {
    const parsed = parseRepositoryConfig(example, agents);
    expect(parsed).toMatchObject({ kind: 'valid', config: { maxAttempts: 2, agents: { deny: ['cipher'] } } });
    const keys = [...document.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, key]) => key?.split('.')[0] ?? '');
    const shown = [...example.matchAll(/^(\w+):/gm)].map(([, key]) => key);
    expect([...new Set(keys)]).toEqual(shown);
  });

  it('quotes what Healer really says of a file that is not valid', () => {
    const wrong = parseRepositoryConfig('enable: true\napproval: sometimes\n', agents);
    const quoted = /^> (.*)$/m.exec(document)?.[1]?.replaceAll('`', '');
    const faults = (text = '') =>
      text
        .replace(/^.*not valid: /, '')
        .split('; ')
        .map((fault) => fault.replace(/\.$/, ''));
    expect(faults(quoted).toSorted()).toEqual(faults(wrong.kind === 'invalid' ? wrong.problem : '').toSorted());
  });
});

describe('docs/admission.md', () => {
  const document = read('admission.md');

  it('lists the gates of an arriving event in their order', () => {
    const signal = aCiSignal();
    const nothing = { ofRun: null, live: null, lastEnded: null, lineageAttempts: null };
    const gates = admissionGates(signal, nothing, policy, NOON).map(({ gate }) => gate);
    const first = document.slice(0, document.indexOf('Then, after'));
    expect([...first.matchAll(/^\| ([^|]+) \| `/gm)].map(([, gate]) => gate)).toEqual(gates);
  });

  it('names only codes and settings that there are', () => {
    const codes = [...document.matchAll(/\| ((?:`\w+`(?:, )?)+) \|/g)].flatMap(([, list = '']) =>
      [...list.matchAll(/`(\w+)`/g)].map(([, code = '']) => code),
    );
    expect(codes.length).toBeGreaterThan(25);
    const paths = settingKeys().map(({ path }) => path);
    expect(codes.filter((code) => !Object.hasOwn(REASONS, code) && !paths.includes(code))).toEqual([]);
    const settings = [...document.matchAll(/`((?:limits|breaker|incidents)\.\w+)`/g)].map(([, path = '']) => path);
    expect(settings.filter((path) => !paths.includes(path))).toEqual([]);
  });
});
