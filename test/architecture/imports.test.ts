import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../../src');
const ROOMS = ['intake', 'decide', 'remediate', 'brief', 'coderun', 'learn', 'report'];
/** Drivers and frameworks that a pure file must not know. */
const EFFECTFUL = /^(node:(fs|http|https|net|child_process|sqlite|timers)|pg|kysely|fastify|@octokit|@kubernetes|pino)/;
/** Files whose decisions take the clock as an argument. */
const PURE = [
  /^model\//,
  /^decide\/(?!rules\/load|route\/load)/,
  /^remediate\/(?!machine|worker)/,
  /^coderun\/reconcile\/assess/,
];

interface Import {
  readonly file: string;
  readonly target: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(join(SRC, file), 'utf8');
  return [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)[^'";]*?from\s+'([^']+)'|import\('([^']+)'\)|(?:^|\n)import\s+'([^']+)'/g,
    ),
  ].map((match) => {
    const target = match[1] ?? match[2] ?? match[3] ?? '';
    const isLocal = target.startsWith('.');
    return { file, target: isLocal ? relative(SRC, resolve(SRC, dirname(file), target)) : target };
  });
});
const room = (path: string) => path.split('/')[0] ?? '';
const isLocal = (target: string) => target.endsWith('.ts') || target.endsWith('.json');

/** Which folders a folder may import, besides itself. */
function allowed(from: string): readonly string[] | 'everything' {
  if (from === 'model') return [];
  if (from === 'lib') return [];
  if (from === 'safety' || from === 'store') return ['model', 'lib'];
  if (ROOMS.includes(from)) return ['model', 'lib', 'safety', 'store'];
  return 'everything';
}

describe('the direction of imports', () => {
  it('finds the files it is about', () => {
    expect(files.length).toBeGreaterThan(10);
    expect(imports.length).toBeGreaterThan(10);
  });

  it('lets a room import only itself and the ground floor', () => {
    const wrong = imports.filter(({ file, target }) => {
      if (!isLocal(target)) return false;
      const may = allowed(room(file));
      return may !== 'everything' && room(target) !== room(file) && !may.includes(room(target));
    });
    expect(wrong).toEqual([]);
  });

  it('keeps packages and Node out of the model', () => {
    expect(imports.filter(({ file, target }) => room(file) === 'model' && !isLocal(target))).toEqual([]);
  });

  it('keeps drivers out of pure files', () => {
    const pure = (file: string) => PURE.some((pattern) => pattern.test(file));
    expect(imports.filter(({ file, target }) => pure(file) && EFFECTFUL.test(target))).toEqual([]);
  });

  it('keeps the clock and randomness out of pure files', () => {
    const offenders = files
      .filter((file) => PURE.some((pattern) => pattern.test(file)))
      .filter((file) =>
        /Date\.now\(|new Date\(\)|Math\.random\(|performance\.now\(|process\./.test(
          readFileSync(join(SRC, file), 'utf8'),
        ),
      );
    expect(offenders).toEqual([]);
  });

  it('reads the environment in one file', () => {
    const readers = files.filter((file) => /process\.env/.test(readFileSync(join(SRC, file), 'utf8')));
    expect(readers.filter((file) => file !== 'app/environment.ts')).toEqual([]);
  });

  it('has no import cycles', () => {
    const graph = new Map<string, string[]>();
    for (const { file, target } of imports) if (isLocal(target)) graph.set(file, [...(graph.get(file) ?? []), target]);
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
        return;
      }
      if (done.has(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of graph.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });
});
