import type { CleanLine } from './line.ts';

/** A part of a log that one command or action printed. */
export interface Step {
  readonly index: number;
  /** The command or the section's name; empty when the log does not say. */
  title: string;
  readonly startLine: number;
  endLine: number;
  /** Code of the last command that failed in it; null when none is reported. */
  exitCode: number | null;
  /** Where the failure was reported last. */
  failLine: number | null;
  failOffset: number | null;
  /** Error markers of the runner, tolerated ones too. */
  errors: number;
  /** The log says that its command succeeded. */
  passed: boolean;
  /** The CI system goes on after a failed command and says of each how it ended, so every failure is a real one. */
  isStated: boolean;
  /** Runs after the verdict: clean-up, caches, uploads. */
  readonly isCleanup: boolean;
  /** The echo of script and settings ends here; what stands in it was not printed by a tool. */
  echoEndLine: number;
  /** Where its first line begins. */
  readonly offset: number;
}

/** Texts that lines of structure contain; the scanner looks for them besides the patterns of the rules. */
export const STRUCTURE_LITERALS = [
  '##[group]run ',
  '##[group]post ',
  '##[endgroup]',
  '##[error]',
  '##[section]starting',
  'post job cleanup',
  'travis_fold:start',
  'travis_time:start',
  'exited with ',
  'exit code',
  'section_start:',
  '[pipeline]',
  'job failed',
  'skipped due to earlier failure',
  'marked build as failure',
  'finished: failure',
  'returned a non-zero code',
];

const MAX_STEPS = 4000;
const CLEANUP =
  /^(?:after_|cache|post job|post |complete job|cleanup|upload_artifacts|archive_cache|complete runner|stop containers)/i;
const EXIT = [
  /^(?:Error: )?Process completed with exit code (\d+)/,
  /^(?:Error: )?The process '.{1,400}' failed with exit code (\d+)/,
  /^(?:Bash|PowerShell|Cmd\.exe|.{1,40}) exited with code '?(\d+)/,
  /^ERROR: Job failed: (?:exit code |exit status |command terminated with exit code )?(\d*)/,
  /^ERROR: script returned exit code (\d+)/,
  /^🚨 Error: The command exited with status (\d+)/,
  /^Build step '.{1,200}' marked build as failure()/,
];
/** A word of each of them: most lines of structure have none. */
const SAYS_EXIT = /exit|failed|failure/;
const TRAVIS_VERDICT = /" (?:exited with|failed and exited with) (\d+)(?: during|\.)/;

/** Follows the log from step to step. */
export class StepTracker {
  readonly steps: Step[] = [];
  private isEchoing = false;
  private columns: string | null = null;

  constructor() {
    this.open('', 1, 0, false);
  }

  get current(): Step {
    return this.steps[this.steps.length - 1]!;
  }

  /** Hits on these lines are the CI system's words about the script, not a tool's. */
  get echoing(): boolean {
    return this.isEchoing;
  }

  /** @param raw the line as it stands in the log, for markers that cleaning removes */
  see(line: CleanLine, raw: string, number: number, offset: number): void {
    if (line.stepName !== null && line.stepName !== this.columns) {
      this.columns = line.stepName;
      this.open(line.stepName, number, offset, CLEANUP.test(line.stepName));
    }
    if (line.marker !== null) this.seeMarker(line, number, offset);
    else if (line.text.startsWith('Post job cleanup')) this.open('post job', number, offset, true);
    if (raw.includes('travis_')) this.seeTravis(raw, number, offset);
    else if (raw.includes('section_start:')) this.seeSection(raw, number, offset);
    else if (line.text.startsWith('[Pipeline] { ('))
      this.open(line.text.slice(14, -1), number, offset, /^post|^declarative: post/i.test(line.text.slice(14)));
    else if (line.text.includes('skipped due to earlier failure') && !this.current.isCleanup) {
      this.fail(null, number, offset);
      this.open('post', number, offset, true);
    }
    this.seeExit(line.text, number, offset);
  }

  /** @param firstLine pasted logs begin with the step's command, without the runner's marker */
  finish(totalLines: number, firstLine: string): void {
    this.current.endLine = totalLines;
    const [first] = this.steps;
    if (first!.title === '' && /^(?:Run |\$ |\+ |> )\S/.test(firstLine))
      first!.title = firstLine.replace(/^\S+ /, '').slice(0, 300);
  }

  private seeMarker(line: CleanLine, number: number, offset: number): void {
    if (line.marker === 'group' && line.text.startsWith('Run ')) {
      this.open(line.text.slice(4), number, offset, false);
      this.isEchoing = true;
    } else if (line.marker === 'group' && line.text.startsWith('Post ')) this.open(line.text, number, offset, true);
    else if (line.marker === 'endgroup' && this.isEchoing) {
      this.isEchoing = false;
      this.current.echoEndLine = number;
    } else if (line.marker === 'section' && line.text.startsWith('Starting: ')) {
      this.open(line.text.slice(10), number, offset, CLEANUP.test(line.text.slice(10)));
    } else if (line.marker === 'error') {
      this.isEchoing = false;
      this.current.errors++;
      this.fail(this.current.exitCode, number, offset);
    }
  }

  private seeTravis(raw: string, number: number, offset: number): void {
    const fold = /travis_fold:start:([\w.-]+)/.exec(raw);
    if (fold) this.open('', number, offset, CLEANUP.test(fold[1]!));
    else if (raw.includes('travis_time:start') && (this.current.title !== '' || this.current.failLine !== null)) {
      this.open('', number, offset, this.current.isCleanup && this.current.failLine === null);
    }
  }

  private seeSection(raw: string, number: number, offset: number): void {
    const found = /section_start:\d+:([\w.-]+)/.exec(raw);
    if (found)
      this.open(found[1]!, number, offset, /^(?:after_script|upload_artifacts|archive_cache|cleanup)/.test(found[1]!));
  }

  private seeExit(text: string, number: number, offset: number): void {
    const travis = TRAVIS_VERDICT.exec(text);
    if (travis) {
      const code = Number(travis[1]);
      if (code === 0) this.current.passed = true;
      else this.fail(code, number, offset);
      if (text.startsWith('The command "') && this.current.title === '')
        this.current.title = text.slice(13, 300).replace(/" (?:exited|failed).*/, '');
      this.current.isStated = true;
      this.open('', number + 1, offset, this.current.isCleanup);
      return;
    }
    if (/^Done\. Your build exited with|^Finished: FAILURE/.test(text)) {
      this.open('post', number, offset, true);
      return;
    }
    if (!SAYS_EXIT.test(text)) return;
    for (const pattern of EXIT) {
      const found = pattern.exec(text);
      if (!found) continue;
      const target = this.current.isCleanup ? this.lastWork() : this.current;
      this.fail(Number(found[1] || 1), number, offset, target);
      return;
    }
  }

  private lastWork(): Step {
    return this.steps.findLast((step) => !step.isCleanup) ?? this.current;
  }

  private fail(code: number | null, number: number, offset: number, step: Step = this.current): void {
    step.exitCode = code === 0 ? step.exitCode : code;
    if (step === this.current || step.failLine === null) {
      step.failLine = number;
      step.failOffset = offset;
    }
  }

  private open(title: string, line: number, offset: number, isCleanup: boolean): void {
    const last = this.steps[this.steps.length - 1];
    if (last) last.endLine = line - 1;
    if (this.steps.length >= MAX_STEPS) return;
    this.isEchoing = false;
    this.steps.push({
      index: this.steps.length,
      title: title.slice(0, 300),
      startLine: line,
      offset,
      endLine: line,
      exitCode: null,
      failLine: null,
      failOffset: null,
      errors: 0,
      passed: false,
      isStated: false,
      isCleanup,
      echoEndLine: line,
    });
  }
}
