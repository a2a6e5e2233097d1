import { parser } from '@grafana/lezer-logql';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alertMatcher,
  fillSelector,
  fillTemplate,
  goString,
  type QueryValues,
  regexLiteral,
  selectorProblem,
  templateProblem,
} from '../../src/brief/query-language.ts';
import { NASTY, nastyText, unquoteGo } from './support/nasty.ts';

const VALUES: QueryValues = {
  repository: 'acme/shop',
  owner: 'acme',
  name: 'shop',
  service: 'cart',
  namespace: 'prod',
  branch: 'main',
};
const fill = (template: string, changes: Partial<QueryValues> = {}): string | null =>
  fillTemplate(template, { ...VALUES, ...changes }).query;

/** The tree of a LogQL query as node names, and the strings in it. */
function logql(query: string): { shape: string; strings: readonly string[] } {
  const strings: string[] = [];
  const names: string[] = [];
  parser.parse(query).iterate({
    enter: (node) => {
      names.push(node.type.isError ? 'ERROR' : node.name);
      if (node.name === 'String') strings.push(query.slice(node.from, node.to));
    },
  });
  return { shape: names.join(' '), strings };
}

describe('a query template', () => {
  it('takes values inside its strings', () => {
    expect(fill('up{service="{service}",repo="{owner}/{name}"}')).toBe('up{service="cart",repo="acme/shop"}');
    expect(fill("up{service='{service}'}")).toBe("up{service='cart'}");
  });

  it('makes a value match itself where a regular expression stands', () => {
    expect(fill('up{pod=~"{service}-.+"}', { service: 'a.b' })).toBe('up{pod=~"a\\\\.b-.+"}');
    expect(fill('{app="x"} |~ "{branch}"', { branch: 'a+b' })).toBe('{app="x"} |~ "a\\\\+b"');
    expect(fill('{app!~"{service}"}', { service: 'a|b' })).toBe('{app!~"a\\\\|b"}');
    expect(fill('{app="{service}"} |= "a"', { service: 'a|b' })).toBe('{app="a|b"} |= "a"');
  });

  it('says which value it lacks instead of asking for nothing', () => {
    const lacking = fillTemplate('up{ns="{namespace}"}', { ...VALUES, namespace: null });
    expect(lacking).toEqual({ query: null, missing: 'namespace' });
  });

  it('leaves what is no placeholder alone', () => {
    const template = '{app="{service}"} | line_format "{{.msg}}" # {service} is the app';
    expect(templateProblem(template)).toBe('{service} has to stand inside double quotes');
    const kept = '{app="{service}"} | json | line_format "{{.msg}}" |~ `\\d{3}`';
    expect(templateProblem(kept)).toBeNull();
    expect(fill(kept)).toBe('{app="cart"} | json | line_format "{{.msg}}" |~ `\\d{3}`');
  });

  it.each([
    ['up{service={service}}', '{service} has to stand inside double quotes'],
    ['up{service=`{service}`}', '{service} has to stand inside double quotes'],
    ['up{service="{svc}"}', 'there is no placeholder {svc}; known: {repository}, {owner}'],
    ['up{service="{service}}', 'the string "{service}} does not end'],
    ['{a="b"} |= `x', 'the string `x does not end'],
  ])('is refused when a value could not be escaped in it: %s', (template, problem) => {
    expect(templateProblem(template)).toContain(problem);
  });
});

describe('a value in a query', () => {
  it.each(NASTY)('never ends its string: %j', (value) => {
    expect(unquoteGo(`"${goString(value)}"`)).toBe(value.toWellFormed());
  });

  it('never ends its string, whatever it is (property)', () => {
    fc.assert(
      fc.property(nastyText, (value) => {
        const inside = goString(value);
        expect(inside).toMatch(/^[\x20-\x7e]*$/);
        expect(inside).not.toMatch(/["'`]/);
        expect(unquoteGo(`"${inside}"`)).toBe(value.toWellFormed());
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves the tree of a LogQL query as it is, by the grammar that Grafana publishes (property)', () => {
    const template = '{app="{service}", repo=~"x|{repository}"} |~ "(?i)error" |= "{branch}" != `raw`';
    const plain = logql(fill(template) ?? '');
    expect(plain.shape).not.toContain('ERROR');
    expect(plain.strings).toHaveLength(5);
    fc.assert(
      fc.property(nastyText, nastyText, nastyText, (service, repository, branch) => {
        const query = fill(template, { service, repository, branch }) ?? '';
        const { shape, strings } = logql(query);
        expect(shape).toBe(plain.shape);
        const [app, repo, , line] = strings.map(unquoteGo);
        expect(app).toBe(service.toWellFormed());
        expect(new RegExp(`^(?:${repo})$`, 'u').test(repository.toWellFormed())).toBe(true);
        expect(line).toBe(branch.toWellFormed());
      }),
      { numRuns: 1_000 },
    );
  });

  it('matches itself and nothing else as a regular expression (property)', () => {
    fc.assert(
      fc.property(nastyText, nastyText, (value, other) => {
        const pattern = new RegExp(`^(?:${regexLiteral(value)})$`, 'u');
        expect(pattern.test(value)).toBe(true);
        expect(pattern.test(other)).toBe(value === other);
      }),
    );
  });

  it('stays in the quotes of a matcher of Alertmanager (property)', () => {
    fc.assert(
      fc.property(nastyText, (value) => {
        const matcher = alertMatcher('service', value);
        const [, inside = ''] = /^service="((?:\\[\s\S]|[^"\\])*)"$/.exec(matcher) ?? [];
        const read = inside.replace(/\\([n"\\])/g, (_, one: string) => (one === 'n' ? '\n' : one));
        expect(read).toBe(value.toWellFormed());
      }),
    );
  });

  it('is not taken for the name of a label', () => {
    expect(() => alertMatcher('a="b",c', 'x')).toThrow('is not the name of a label');
  });
});

describe('a label selector', () => {
  it('takes values as labels have them', () => {
    expect(selectorProblem('healer/repository={repository}, team=x')).toBeNull();
    expect(fillSelector('healer/repository={repository}, team=x', VALUES).query).toBe(
      'healer/repository=acme-shop,team=x',
    );
  });

  it('says which value it lacks', () => {
    expect(fillSelector('ns={namespace}', { ...VALUES, namespace: null })).toEqual({
      query: null,
      missing: 'namespace',
    });
  });

  it.each(['repository', '=x', 'a b={name}', 'a=b c', 'a={svc}', 'a in (b)', ''])(
    'is refused when it is none: %j',
    (template) => {
      expect(selectorProblem(template)).not.toBeNull();
    },
  );

  it('never has more requirements than its template, whatever the values are (property)', () => {
    fc.assert(
      fc.property(nastyText, (service) => {
        const { query } = fillSelector('a={service},b={name}', { ...VALUES, service });
        expect(query).toMatch(/^a=(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?,b=shop$/);
      }),
    );
  });
});
