// A small linter without dependencies: what it finds, it prints with file and line, and ends with 1.
import { readdirSync, readFileSync } from 'node:fs';

const RULES = [
  { name: 'no-var', pattern: /^\s*var\s/, message: 'use const or let' },
  { name: 'no-tabs', pattern: /\t/, message: 'indent with spaces' },
  { name: 'no-trailing-spaces', pattern: /[ ]+$/, message: 'trailing spaces' },
  { name: 'eqeqeq', pattern: /[^=!]==[^=]|!=[^=]/, message: 'compare with === or !==' },
  { name: 'no-console', pattern: /\bconsole\./, message: 'no output from the library' },
];

function unusedImports(text) {
  const found = [];
  for (const [, names] of text.matchAll(/^import \{([^}]*)\} from/gm)) {
    for (const name of names.split(',').map((part) => part.trim()).filter(Boolean)) {
      if (text.split(new RegExp(`\\b${name}\\b`)).length <= 2) found.push(name);
    }
  }
  return found;
}

function lint(file) {
  const text = readFileSync(file, 'utf8');
  const problems = [];
  text.split('\n').forEach((line, index) => {
    for (const rule of RULES) {
      if (rule.pattern.test(line)) problems.push({ file, line: index + 1, rule: rule.name, message: rule.message });
    }
  });
  for (const name of unusedImports(text)) {
    problems.push({ file, line: 1, rule: 'no-unused-imports', message: `${name} is imported and not used` });
  }
  if (!text.endsWith('\n')) problems.push({ file, line: text.split('\n').length, rule: 'eol-last', message: 'newline at the end' });
  return problems;
}

const files = ['src', 'test'].flatMap((folder) => readdirSync(folder).sort().map((name) => `${folder}/${name}`));
const problems = files.flatMap(lint);
for (const { file, line, rule, message } of problems) {
  console.log(`${file}:${line}  error  ${message}  ${rule}`);
  if (process.env.GITHUB_ACTIONS) console.log(`::error file=${file},line=${line}::${message} (${rule})`);
}
console.log(problems.length === 0 ? `${files.length} files, no problems` : `✖ ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
