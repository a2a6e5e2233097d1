import { parse as parseYaml } from 'yaml';
import type { ZodError } from 'zod';
import { messageOf, UserError } from '../../lib/errors.ts';
import type { AgentName } from '../../model/agent.ts';
import type { Classification } from '../../model/evidence.ts';
import { FAILURE_TYPE_NAMES, FAILURE_TYPES, type FailureType } from '../../model/failure-type.ts';
import { classify } from '../classify/index.ts';
import { fileGlob, workflowGlob } from './glob.ts';
import { NameIndex } from './name-index.ts';
import { compilePattern } from './pattern.ts';
import type { Route, Rule, RuleExample, RulePattern, RuleSet } from './rule-set.ts';
import {
  type ExampleSource,
  type LineSource,
  type NameSource,
  type RouteSource,
  type RuleSource,
  rulesFile,
} from './schema.ts';

/** How one example of one rule came out. */
export interface RuleExampleResult {
  readonly file: string;
  readonly rule: string;
  /** Counts from 1 within the rule. */
  readonly example: number;
  readonly passed: boolean;
  readonly expected: RuleExample['expect'];
  readonly actual: {
    readonly agent: AgentName;
    readonly failureType: FailureType;
    readonly transient: boolean;
    readonly rule: string;
  };
}

/** Weight of a line that names none: what a tool prints for this failure and hardly ever else. */
const DEFAULT_WEIGHT = 5;
const DEFAULT_NAME_WEIGHT = 1.5;

/**
 * Compiles rules files; order is by file name, and within a file from top to bottom.
 * @throws UserError with file, path inside the file and a suggestion
 */
export function parseRules(files: readonly { name: string; text: string }[]): RuleSet {
  const builder = new Builder();
  for (const file of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const content = readFile(file);
    for (const [i, route] of (content.routes ?? []).entries()) builder.route(file.name, `routes[${i}]`, route);
    for (const [i, rule] of (content.rules ?? []).entries()) builder.rule(file.name, `rules[${i}]`, rule);
  }
  return builder.finish();
}

/** Runs every example that rules and routes carry. */
export function testRules(rules: RuleSet): readonly RuleExampleResult[] {
  return [...rules.rules, ...rules.routes].flatMap((owner) =>
    owner.examples.map((example, i) => {
      const actual = classify(
        {
          log: example.log,
          workflow: example.workflow,
          job: example.job,
          failedSteps: example.steps,
          changedFiles: example.files,
        },
        rules,
      );
      return {
        file: owner.file,
        rule: owner.id,
        example: i + 1,
        passed: fits(example, actual),
        expected: example.expect,
        actual: shortOf(actual),
      };
    }),
  );
}

const shortOf = ({ agent, failureType, transient, rule }: Classification) => ({ agent, failureType, transient, rule });

function fits({ expect }: RuleExample, actual: Classification): boolean {
  const isRight = actual.agent === expect.agent && actual.failureType === expect.failureType;
  return isRight && (expect.transient === null || actual.transient === expect.transient);
}

function readFile(file: { name: string; text: string }) {
  let content: unknown;
  try {
    content = parseYaml(file.text) ?? {};
  } catch (error) {
    throw new UserError(`${file.name} is not valid YAML: ${messageOf(error)}`);
  }
  const parsed = rulesFile.safeParse(content);
  if (!parsed.success) throw new UserError(`${file.name}: ${describe(parsed.error, content)}`);
  return parsed.data;
}

function describe(error: ZodError, content: unknown): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => {
      const path = issue.path
        .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
        .join('')
        .slice(1);
      return `${path || 'the file'}: ${issue.message}${suggestion(issue, content)}`;
    })
    .join('; ');
}

/** The keys that may stand where an unknown one was found. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return ['routes', 'rules'];
  if (path.includes('expect')) return ['agent', 'failure_type', 'transient'];
  if (path.includes('examples')) return ['log', 'workflow', 'job', 'steps', 'files', 'expect'];
  if (path.includes('lines') || path.includes('against')) return ['line', 'weight', 'literal', 'transient'];
  const own = ['id', 'agent', 'failure_type', 'files', 'examples'];
  if (path[0] === 'routes') return [...own, 'row', 'workflows', 'mentions', 'needs_both'];
  return [...own, 'outer', 'weight', 'lines', 'against', 'names'];
}

function suggestion(issue: { code: string; path: PropertyKey[]; keys?: string[] }, content: unknown): string {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path);
    const near = nearest(issue.keys?.[0] ?? '', known);
    return near ? ` (did you mean "${near}"?)` : ` (known keys: ${known.join(', ')})`;
  }
  if (issue.code === 'invalid_union') return ' (write a text, or an object with a text and a weight)';
  if (issue.path[issue.path.length - 1] !== 'failure_type') return '';
  const written = issue.path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    content,
  );
  const near = nearest(String(written), FAILURE_TYPE_NAMES);
  return near ? ` (did you mean "${near}"?)` : '';
}

/** The known word that shares most pairs of letters with the written one. */
function nearest(word: string, known: readonly string[]): string | null {
  const pairs = (text: string) =>
    new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => text.slice(i, i + 2)));
  const mine = pairs(word);
  const scored = known.map((text) => ({
    text,
    shared: [...pairs(text)].filter((pair) => mine.has(pair)).length / text.length,
  }));
  const best = scored.sort((a, b) => b.shared - a.shared)[0];
  return best && best.shared >= 0.4 ? best.text : null;
}

class Builder {
  private readonly rules: Rule[] = [];
  private readonly routes: Route[] = [];
  private readonly patterns: RulePattern[] = [];
  private readonly names = new NameIndex();
  private readonly ids = new Map<string, string>();

  rule(file: string, path: string, source: RuleSource): void {
    this.claim(file, path, source.id);
    const index = this.rules.length;
    const usual = source.weight ?? DEFAULT_WEIGHT;
    for (const [i, line] of source.lines.entries()) this.pattern(file, `${path}.lines[${i}]`, line, index, usual);
    for (const [i, line] of (source.against ?? []).entries()) {
      this.pattern(file, `${path}.against[${i}]`, line, index, -usual);
    }
    for (const entry of source.names ?? []) this.name(file, path, entry, index);
    this.rules.push({
      id: source.id,
      index,
      file,
      agent: source.agent,
      failureType: source.failure_type as FailureType,
      isOuter: source.outer ?? false,
      files: (source.files ?? []).map(fileGlob),
      examples: source.examples.map((example) => exampleOf(example, source)),
    });
  }

  route(file: string, path: string, source: RouteSource): void {
    this.claim(file, path, source.id);
    this.routes.push({
      id: source.id,
      row: source.row,
      file,
      agent: source.agent,
      failureType: source.failure_type as FailureType,
      workflows: (source.workflows ?? []).map(workflowGlob),
      mentions: (source.mentions ?? []).map((word) => word.toLowerCase()),
      files: (source.files ?? []).map(fileGlob),
      needsBoth: source.needs_both ?? false,
      examples: source.examples.map((example) => exampleOf(example, source)),
    });
  }

  finish(): RuleSet {
    if (this.rules.length === 0)
      throw new UserError('No routing rules were found; add a numbered YAML file with a list "rules".');
    return { rules: this.rules, routes: this.routes, patterns: this.patterns, names: this.names };
  }

  private pattern(file: string, path: string, source: LineSource, rule: number, usual: number): void {
    const entry = typeof source === 'string' ? { line: source } : source;
    const literals = entry.literal === undefined ? undefined : [entry.literal].flat();
    try {
      const weight = entry.weight ?? usual;
      this.patterns.push({
        ...compilePattern(entry.line, literals),
        rule,
        index: this.patterns.length,
        weight: usual < 0 ? -Math.abs(weight) : weight,
        isTransient: entry.transient ?? false,
      });
    } catch (error) {
      throw new UserError(`${file}: ${path}: ${messageOf(error)}`, { cause: error });
    }
  }

  private name(file: string, path: string, entry: NameSource, rule: number): void {
    const { name, weight } = typeof entry === 'string' ? { name: entry, weight: DEFAULT_NAME_WEIGHT } : entry;
    try {
      // The scanner never looks for a name, so it may have short pieces only.
      this.names.add(compilePattern(`(?i)${name}`, ['word']), rule, weight);
    } catch (error) {
      throw new UserError(`${file}: ${path}.names: ${messageOf(error)}`, { cause: error });
    }
  }

  private claim(file: string, path: string, id: string): void {
    const other = this.ids.get(id);
    if (other)
      throw new UserError(`${file}: ${path}.id: "${id}" is used in ${other} as well; give one of them another id`);
    this.ids.set(id, file);
  }
}

function exampleOf(source: ExampleSource, owner: { agent: string; failure_type: string }): RuleExample {
  return {
    log: source.log ?? null,
    workflow: source.workflow ?? null,
    job: source.job ?? null,
    steps: source.steps ?? [],
    files: source.files ?? [],
    expect: {
      agent:
        source.expect?.agent ??
        (source.expect?.failure_type ? ownerOf(source.expect.failure_type, owner) : owner.agent),
      failureType: (source.expect?.failure_type ?? owner.failure_type) as FailureType,
      transient: source.expect?.transient ?? null,
    },
  };
}

const ownerOf = (type: string, owner: { agent: string; failure_type: string }): string =>
  type === owner.failure_type ? owner.agent : FAILURE_TYPES[type as FailureType].owner;
