import type { Clock } from '../../../lib/clock.ts';
import type { StoredAnnotation } from './state.ts';
import type { WorkflowStep } from './workflow-file.ts';

const RUNNER_VERSION = '2.328.0';

/** Writes a job's log line by line as GitHub's runner does: a UTC time with seven decimals before every line. */
export class JobLog {
  readonly annotations: StoredAnnotation[] = [];
  readonly #clock: Clock;
  readonly #lines: string[] = [];
  #last = '';
  #sequence = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get text(): string {
    // GitHub's logs begin with a byte order mark and have a newline at the end.
    return `\uFEFF${this.#lines.join('\n')}\n`;
  }

  line(text: string): void {
    const now = `${new Date(this.#clock()).toISOString().slice(0, -1)}`;
    // Below a millisecond the clock says nothing; order is what counts.
    this.#sequence = now === this.#last ? Math.min(this.#sequence + 7, 9999) : 0;
    this.#last = now;
    this.#lines.push(`${now}${String(this.#sequence).padStart(4, '0')}Z ${text}`);
  }

  group(title: string, lines: readonly string[]): void {
    this.line(`##[group]${title}`);
    for (const text of lines) this.line(text);
    this.line('##[endgroup]');
  }

  /** What a command printed: workflow commands such as `::error file=a.js,line=3::text` become annotations. */
  output(text: string): void {
    const command = /^::(error|warning|notice)(?: ([^:]*))?::(.*)$/.exec(text);
    if (!command) {
      this.line(text);
      return;
    }
    const [, word = 'error', properties = '', message = ''] = command;
    this.line(`##[${word}]${message}`);
    const given = Object.fromEntries(properties.split(',').map((pair) => pair.split('=') as [string, string]));
    const line = Number(given['line'] ?? 1) || 1;
    this.annotate(
      word === 'error' ? 'failure' : (word as 'warning' | 'notice'),
      given['file'] ?? '.github',
      line,
      message,
    );
  }

  annotate(level: StoredAnnotation['level'], path: string, line: number, message: string): void {
    this.annotations.push({ path, startLine: line, endLine: line, level, title: null, message });
  }

  setUp(actions: readonly string[]): void {
    this.line(`Current runner version: '${RUNNER_VERSION}'`);
    this.group('Operating System', ['Ubuntu', '24.04.3', 'LTS']);
    this.group('Runner Image', ['Image: ubuntu-24.04', 'Version: 20250907.24.1']);
    this.group('GITHUB_TOKEN Permissions', ['Contents: read', 'Metadata: read', 'Packages: read']);
    this.line('Secret source: Actions');
    this.line('Prepare workflow directory');
    this.line('Prepare all required actions');
    if (actions.length > 0) this.line('Getting action download info');
    for (const action of actions) this.line(`Download action repository '${action}'`);
  }

  /** The head of a step: what is about to run, as the runner echoes it. */
  stepHead(step: WorkflowStep): void {
    const settings = (title: string, values: Readonly<Record<string, string>>) =>
      Object.keys(values).length === 0
        ? []
        : [title, ...Object.entries(values).map(([key, value]) => `  ${key}: ${value}`)];
    if (step.run === null) {
      this.group(`Run ${step.uses ?? ''}`, [...settings('with:', step.with), ...settings('env:', step.env)]);
      return;
    }
    const script = step.run.replace(/\n+$/, '').split('\n');
    this.group(`Run ${script[0] ?? ''}`, [
      ...script.map((text) => `\u001B[36;1m${text}\u001B[0m`),
      'shell: /usr/bin/bash -e {0}',
      ...settings('env:', step.env),
    ]);
  }

  failed(message: string): void {
    this.line(`##[error]${message}`);
    this.annotate('failure', '.github', 1, message);
  }

  cleanUp(gitVersion: string, workspace: string): void {
    this.line('Post job cleanup.');
    this.line('[command]/usr/bin/git version');
    this.line(gitVersion);
    this.line(`[command]/usr/bin/git config --global --add safe.directory ${workspace}`);
    this.line('[command]/usr/bin/git config --local --name-only --get-regexp core\\.sshCommand');
    this.line('[command]/usr/bin/git config --local --unset-all http.https://github.com/.extraheader');
  }

  complete(): void {
    this.line('Cleaning up orphan processes');
  }
}
