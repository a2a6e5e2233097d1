import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../../src');
const sources = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('cli/demo/'))
    .map((name) => [name, readFileSync(join(SRC, name), 'utf8')] as const),
);
const text = (file: string): string => sources.get(file) ?? '';
const filesWith = (pattern: RegExp): readonly string[] =>
  [...sources].filter(([, source]) => pattern.test(source)).map(([file]) => file);

/**
 * Where text leaves the process: how such an edge is made, the only files that may make one, and what each of them has to
 * say to send it through the gate. A new edge makes one of these fail until it is written down here with its gate.
 */
const EDGES: readonly {
  readonly edge: string;
  readonly made: RegExp;
  readonly by: Readonly<Record<string, RegExp>>;
}[] = [
  {
    edge: 'writing to GitHub (comments, checks, pull requests, reactions)',
    made: /\bcreateGitHub\(/,
    by: {
      // The doctor asks who it is and writes nothing.
      'app/diagnose.ts': /createGitHub\(\{ auth, version: VERSION, baseUrl: apiUrl \}\)/,
      'app/github.ts': /outgoing: gatedWords\(gateOf\(settings\)\)/,
      'lib/github/client.ts': /options\.outgoing\?\.\(request\)/,
    },
  },
  {
    edge: 'an Octokit of one\u2019s own',
    made: /new (?:Healer)?Octokit\(/,
    by: { 'lib/github/client.ts': /options\.outgoing/ },
  },
  {
    edge: 'writing CodeRuns, and with them file sets and ConfigMaps',
    made: /\bengineOf\(/,
    by: {
      'app/runs.ts': /gatedEngine\(opened\.engine, gate\)/,
      'app/open-engine.ts': /export async function engineOf/,
    },
  },
  {
    edge: 'an engine of one\u2019s own, and what agents wrote',
    made: /\bcreate(?:Local|Kubernetes)Engine\(/,
    by: {
      'app/open-engine.ts': /redact: gate\.text/,
      'app/kubernetes-engine.ts': /\bredact,/,
      'coderun/engines/local/engine.ts': /export function createLocalEngine/,
      'coderun/engines/kubernetes/engine.ts': /export function createKubernetesEngine/,
    },
  },
  { edge: 'the log', made: /\bpino\(/, by: { 'app/log.ts': /log: gate\.deep/ } },
  {
    edge: 'the prompt and everything stored with it',
    made: /\binsertBrief\(/,
    by: {
      'app/effects/gather.ts': /createRedactor\(\{ secrets: deps\.secrets \}\)/,
      'store/briefs.ts': /export async function insertBrief/,
    },
  },
  {
    edge: 'memory, here and in other systems',
    made: /\boutcomeOf\(remediation/,
    by: { 'app/effects/remember.ts': /keep\(safe, signal\)/, 'learn/lessons.ts': /export function outcomeOf/ },
  },
  {
    edge: 'messages to people (chat, mail, webhooks)',
    made: /\bnotifier\.tell\(/,
    by: {
      'app/notify-loop.ts': /throughTheGate\(claimed\.notice/,
      // Comment and check are words for GitHub, which is an edge of its own.
      'app/effects/check-run.ts': /github/,
      'app/effects/comment.ts': /github/,
    },
  },
  {
    edge: 'traces',
    made: /\bstartTracing\(/,
    by: { 'app/traces.ts': /clean: \(text\) => cleanLine\(gate\.text\(text\)/, 'report/traces/exporter.ts': /clean/ },
  },
];

/** Asks whether something answers, and sends nothing but the address. */
const READ_ONLY = ['app/diagnose-cluster.ts'];

describe('the safety gate stands at every edge', () => {
  it.each(EDGES)('$edge', ({ made, by }) => {
    const makers = filesWith(made);
    expect(makers.length).toBeGreaterThan(0);
    expect(makers.filter((file) => !(file in by))).toEqual([]);
    for (const file of makers) expect(text(file), file).toMatch(by[file] ?? /$^/);
  });

  it('is the only way into a prompt: what the builder takes from outside comes through it or stays unprintable', () => {
    const view = text('brief/prompt/view.ts');
    expect(view).toMatch(/text: \(raw\) => safeText\(raw, redactor\)/);
    expect(view).toMatch(/untrusted\(safeLine\(raw, redactor, max\)\)/);
    expect(filesWith(/new Untrusted\(|\buntrusted\(/)).toEqual(
      expect.arrayContaining(['brief/prompt/untrusted.ts', 'brief/prompt/view.ts']),
    );
    expect(filesWith(/\buntrusted\(/).every((file) => file.startsWith('brief/prompt/'))).toBe(true);
  });

  it('knows every value of a setting that is secret', () => {
    const secrets = filesWith(/secret: true/).filter((file) => file.startsWith('app/'));
    expect(secrets.length).toBeGreaterThan(1);
    expect(text('app/load-settings.ts')).toMatch(/export function secretValues/);
  });

  it('sends nothing over HTTP on other ways than the clients that are built for it', () => {
    const own = filesWith(/(?<![.\w#])fetch\(/).filter((file) => !file.startsWith('cli/'));
    expect(
      own.filter(
        (file) => !['lib/http.ts', 'lib/github/fetch.ts', 'report/traces/exporter.ts', ...READ_ONLY].includes(file),
      ),
    ).toEqual([]);
  });
});
