import type { RulePattern, RuleSet } from '../route/rule-set.ts';
import { ANY_CONTEXT, contextsOf } from './context.ts';
import { type CleanLine, cleanLine } from './line.ts';
import { createScanner, type FoundLine, type Literal, MARKS, type Scanner } from './scanner.ts';
import { STRUCTURE_LITERALS, StepTracker } from './steps.ts';
import { BLOCK_BYTES, type Block, CARRY_BYTES, TextStore } from './text-store.ts';

/** A pattern matched a line. */
export interface Hit {
  readonly line: number;
  /** Where the line begins in the log. */
  readonly offset: number;
  readonly pattern: RulePattern;
  /** Index of the step it was printed in. */
  readonly step: number;
  readonly text: string;
  readonly marker: string | null;
  readonly isInner: boolean;
}

/** What one pass over a log found. */
export interface Reading {
  readonly hits: readonly Hit[];
  /** How often each pattern matched, by its index. */
  readonly counts: ReadonlyMap<number, number>;
  readonly steps: StepTracker['steps'];
  readonly totalLines: number;
  readonly totalBytes: number;
  readonly store: TextStore;
}

/** The scanner over a rule set, and which patterns each of its texts stands for. */
export interface Matcher {
  readonly rules: RuleSet;
  readonly scanner: Scanner;
  /** Patterns by index of the text; empty for the texts of structure, which come first. */
  readonly patternsOf: readonly (readonly RulePattern[])[];
}

const matchers = new WeakMap<RuleSet, Matcher>();

/** Building the tables takes milliseconds, so they are kept as long as the rules are. */
export function matcherOf(rules: RuleSet): Matcher {
  const built = matchers.get(rules);
  if (built) return built;
  const literals: Literal[] = STRUCTURE_LITERALS.map((text) => ({ text, ignoreCase: true }));
  const patternsOf: RulePattern[][] = STRUCTURE_LITERALS.map(() => []);
  const known = new Map<string, number>();
  for (const pattern of rules.patterns) {
    const contexts = contextsOf(pattern.source, pattern.literals);
    for (const text of pattern.literals) {
      const context = contexts.get(text) ?? ANY_CONTEXT;
      const key = JSON.stringify([text, pattern.ignoreCase, context]);
      const index = known.get(key) ?? literals.push({ text, ignoreCase: pattern.ignoreCase, context }) - 1;
      known.set(key, index);
      patternsOf[index] = [...(patternsOf[index] ?? []), pattern];
    }
  }
  const matcher = { rules, scanner: createScanner(literals), patternsOf };
  matchers.set(rules, matcher);
  return matcher;
}

/** Of one pattern in one step, the first and the latest hits are kept; the middle is only counted. */
const FIRST_HITS = 30;
const LATEST_HITS = 8;
const MAX_HITS = 6000;
/** From so many matches in one step on, a pattern is looked at every `SAMPLING`th line, a weak one not at all. */
const SATED = 300;
const SAMPLING = 8;
/** Characters of a hit's text that are kept. */
const TEXT_LIMIT = 600;
/** Bytes of a line that are decoded; patterns see at most `MAX_LINE_LENGTH` characters of it. */
const DECODE_LIMIT = 3072;

/** A text of the pattern stands in the line: the copy also has those that only colours and the time in front make up. */
function holds(text: string, { literals, ignoreCase }: RulePattern): boolean {
  const line = ignoreCase ? text.toLowerCase() : text;
  return literals.some((literal) => line.includes(literal));
}

/** A line of colours and ASCII up to this length is copied without its codes; the others are decoded first. */
const COPY_LIMIT = 2048;
const COLOURED = MARKS.escape | MARKS.nonAscii;

/** Reads a log once, in pieces or at a stretch. */
export class LogReader {
  private readonly matcher: Matcher;
  private readonly store = new TextStore();
  private readonly tracker = new StepTracker();
  private hits: Hit[] = [];
  private readonly counts = new Map<number, number>();
  private readonly inStep: Map<number, { step: number; count: number; slots: number[] }> = new Map();
  /** Pattern index to the look that it was last added in. */
  private readonly triedIn: Int32Array;
  private lines = 0;
  private total = 0;
  private assembling: Buffer | null = null;
  private assembled = 0;
  private endsWithNewline = true;

  constructor(rules: RuleSet) {
    this.matcher = matcherOf(rules);
    this.triedIn = new Int32Array(rules.patterns.length);
  }

  /** Reads a log that stays in memory; nothing is copied. */
  readWhole(bytes: Uint8Array): void {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const block: Block = { bytes: view, offset: 0, length: bytes.length, priority: 0 };
    this.store.add(block);
    this.scan(block);
    this.total = bytes.length;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      this.assembling ??= this.store.take();
      const room = Math.min(chunk.length - at, BLOCK_BYTES + CARRY_BYTES - this.assembled);
      this.assembling.set(chunk.subarray(at, at + room), this.assembled);
      this.assembled += room;
      at += room;
      if (this.assembled === BLOCK_BYTES + CARRY_BYTES) this.closeBlock();
    }
  }

  finish(): Reading {
    if (this.assembling && this.assembled > 0) this.closeBlock(true);
    const totalLines = this.lines + (this.endsWithNewline ? 0 : 1);
    const first = this.store.lineAt(0);
    this.tracker.finish(totalLines, first ? cleanLine(this.store.read(first, 400)).text : '');
    return {
      hits: this.hits,
      counts: this.counts,
      steps: this.tracker.steps,
      totalLines,
      totalBytes: this.total,
      store: this.store,
    };
  }

  /** Cuts behind the last full line and carries the rest over; a line longer than the carry is cut where it is. */
  private closeBlock(isLast = false): void {
    const bytes = this.assembling!;
    const newline = bytes.lastIndexOf(10, this.assembled - 1);
    // A carriage return stays with the newline that may follow it.
    const whole = bytes[this.assembled - 1] === 13 && !isLast ? this.assembled - 1 : this.assembled;
    const cut = isLast || newline < BLOCK_BYTES ? whole : newline + 1;
    const rest = bytes.subarray(cut, this.assembled);
    const block: Block = { bytes, offset: this.total, length: cut, priority: 0 };
    this.store.add(block);
    this.scan(block);
    this.total += cut;
    this.assembling = null;
    this.assembled = 0;
    if (rest.length > 0) {
      this.assembling = this.store.take();
      this.assembling.set(rest, 0);
      this.assembled = rest.length;
    }
  }

  private scan(block: Block): void {
    const { bytes, length } = block;
    const before = this.lines;
    const ends = this.matcher.scanner.scan(bytes, length, (found) => {
      this.lines = before + found.ends;
      this.readLine(block, found);
    });
    this.lines = before + ends;
    if (length > 0) this.endsWithNewline = bytes[length - 1] === 10 || bytes[length - 1] === 13;
  }

  private readLine(block: Block, { start, end, first, marks }: FoundLine): void {
    const { scanner } = this.matcher;
    const candidates: RulePattern[] = [];
    const number = this.lines + 1;
    const hasStructure = this.gather(scanner.found, candidates, number);
    if (candidates.length === 0 && !hasStructure) return;
    const from = first - start > DECODE_LIMIT - 512 ? first - 256 : start;
    const to = Math.min(end, from + DECODE_LIMIT);
    const isCopied = !hasStructure && end - start <= COPY_LIMIT && (marks & COLOURED) === MARKS.escape;
    const raw = isCopied ? scanner.scanWithoutCodes(block.bytes, start, end) : block.bytes.toString('utf8', from, to);
    const line = cleanLine(raw, isCopied ? MARKS.columns : marks);
    const offset = block.offset + start;
    if (hasStructure || line.stepName !== null) {
      this.tracker.see(line, isCopied ? block.bytes.toString('utf8', from, to) : raw, number, offset);
      if (line.marker === 'error') block.priority = Math.max(block.priority, 10);
    }
    if (isCopied) {
      // Colours split what belongs together and hide what stands beside it; the copy was looked through without them.
      candidates.length = 0;
      this.gather(scanner.found, candidates, -number);
    } else if ((marks & MARKS.escape) !== 0) {
      scanner.scanLine(line.text);
      this.gather(scanner.found, candidates, number);
    }
    if (this.tracker.echoing || line.marker === 'debug' || line.marker === 'command') return;
    for (const pattern of candidates) {
      if (!pattern.test(line.text)) continue;
      if (isCopied && !holds(line.text, pattern) && !holds(block.bytes.toString('latin1', start, end), pattern))
        continue;
      this.keep(block, pattern, line, number, offset);
    }
  }

  /**
   * Adds the patterns that texts stand for, each once; says whether one of them is a text of structure.
   * @param look differs from one look at a line to the next
   */
  private gather(texts: readonly number[], candidates: RulePattern[], look: number): boolean {
    const { patternsOf } = this.matcher;
    let hasStructure = false;
    for (const text of texts) {
      if (text < STRUCTURE_LITERALS.length) hasStructure = true;
      for (const pattern of patternsOf[text]!) {
        if (this.triedIn[pattern.index] === look || this.isSated(pattern)) continue;
        this.triedIn[pattern.index] = look;
        candidates.push(pattern);
      }
    }
    return hasStructure;
  }

  /** A weak pattern that matched hundreds of lines of one step says nothing more; a strong one is sampled. */
  private isSated(pattern: RulePattern): boolean {
    const entry = this.inStep.get(pattern.index);
    if (entry === undefined || entry.count < SATED || entry.step !== this.tracker.current.index) return false;
    return Math.abs(pattern.weight) < 1.5 || this.lines % SAMPLING !== 0;
  }

  private keep(block: Block, pattern: RulePattern, line: CleanLine, number: number, offset: number): void {
    const step = this.tracker.current.index;
    this.counts.set(pattern.index, (this.counts.get(pattern.index) ?? 0) + 1);
    block.priority = Math.max(block.priority, Math.abs(pattern.weight));
    let entry = this.inStep.get(pattern.index);
    if (!entry || entry.step !== step) {
      entry = { step, count: 0, slots: [] };
      this.inStep.set(pattern.index, entry);
    }
    entry.count++;
    const text = line.text.length > TEXT_LIMIT ? line.text.slice(0, TEXT_LIMIT) : line.text;
    const hit: Hit = { line: number, offset, pattern, step, text, marker: line.marker, isInner: line.isInner };
    if (entry.count > FIRST_HITS + LATEST_HITS) {
      this.hits[entry.slots[entry.count % LATEST_HITS]!] = hit;
      return;
    }
    if (entry.count > FIRST_HITS) entry.slots.push(this.hits.length);
    this.hits.push(hit);
    if (this.hits.length > MAX_HITS) this.thin();
  }

  /** Keeps what weighs, and what is recent. */
  private thin(): void {
    const recent = this.hits.length - MAX_HITS / 2;
    this.hits = this.hits.filter((hit, i) => i >= recent || hit.pattern.weight >= 5).slice(-MAX_HITS / 2);
    this.inStep.clear();
  }
}
