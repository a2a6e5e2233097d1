import { describe, expect, it } from 'vitest';
import { type PromptInput, renderPrompt } from '../../../src/brief/prompt/render.ts';
import { suspicionsIn } from '../../../src/safety/index.ts';
import { INJECTIONS, PLACES } from '../support/injections.ts';
import { templates } from '../support/prompts.ts';

const texts = Object.entries(INJECTIONS);
const render = (input: PromptInput): string => renderPrompt(templates, { ...input, budgetChars: 400_000 }).text;

/** What our own words are: the page without fenced text, names in code marks, and the word for the shell. */
function ownWords(page: string): string {
  return page
    .replace(/<<<DATA (\S+) \([^\n]*\n[\s\S]*?\nDATA \1>>>/g, '<data>')
    .replace(/^( {4}git push origin HEAD:refs\/heads\/).*$/gm, '$1<word>')
    .replace(/(`+)(?!`)[^\n]*?[^`]\1(?!`)/g, '<name>');
}

describe('text that wants to steer an agent', () => {
  it('comes in fifty ways or more', () => {
    expect(texts.length).toBeGreaterThanOrEqual(50);
    expect(new Set(texts.map(([, text]) => text)).size).toBe(texts.length);
  });

  describe.each(Object.entries(PLACES))('in the place: %s', (place, put) => {
    const harmless = ownWords(render(put('harmless words')));

    it('changes nothing outside of where it stands', () => {
      for (const [what, text] of texts) {
        const page = render(put(text));
        expect(ownWords(page), `${place}: ${what}`).toBe(harmless);
      }
    });
  });

  it('leaves every fence closed by its own mark, on a line of its own, once', () => {
    for (const put of Object.values(PLACES)) {
      for (const [what, text] of texts) {
        const lines = render(put(text)).split('\n');
        const open: string[] = [];
        for (const line of lines) {
          const opened = /^<<<DATA (\S+) \(/.exec(line)?.[1];
          if (open.length === 0 && opened !== undefined) open.push(opened);
          else if (open.length > 0 && line === `DATA ${open[0]}>>>`) open.pop();
        }
        expect(open, what).toEqual([]);
      }
    }
  });

  it('holds no character that a reader does not see', () => {
    for (const put of Object.values(PLACES)) {
      for (const [what, text] of texts) {
        const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]|\p{Default_Ignorable_Code_Point}/u;
        expect(unseen.exec(render(put(text))), what).toBeNull();
      }
    }
  });
});

describe('words that read like instructions', () => {
  /** Nothing in them is said to an agent in words that a pattern could know without taking logs for it. */
  const UNKNOWN = new Set([
    'forget, in German',
    'forget, in Chinese',
    'asking in base64',
    'letters of another script',
    'wide letters',
    'invisible tags',
    'zero-width letters',
    'bidi override',
    'control characters',
    'turns of a talk',
    'colours and cursor',
    'code fence of Markdown',
    'long code fence',
    'heading of our own page',
    'another result',
    'expression of Actions',
    'command for the shell',
    'end of a here-document',
    'placeholder that is left open',
    'false cut',
    'group commands of Actions',
    'front matter',
    'quoted words of a maintainer',
    'many lines',
    'JSON that closes',
    'a link',
    'line end in quotes',
    'comment of HTML',
    'comment of Markdown',
    'merging',
    'muting tests',
    'forced push',
  ]);

  it.each(texts.filter(([what]) => !UNKNOWN.has(what)))('are known: %s', (_, text) => {
    expect(suspicionsIn(text)).not.toEqual([]);
  });

  it.each([
    ['a compiler', 'error: ignored attribute `#[inline]` on a foreign function declaration'],
    ['a test runner', 'Tests: 3 skipped, 41 passed; run with --all to see previous failures'],
    ['git', 'hint: Updates were rejected because the tip of your current branch is behind'],
    ['npm', 'npm WARN deprecated request@2.88.2: request has been deprecated, see issue 3142'],
    ['a rule of a linter', '12:3  error  Unexpected console statement  no-console'],
    [
      'a template engine',
      'Error: template: shop/templates/deployment.yaml:7:20: executing at <.Values.image>: nil pointer',
    ],
    ['a role of Kubernetes', 'User "system:serviceaccount:shop:default" cannot list resource "pods" in API group ""'],
    ['a system header', '#include <system_error>'],
    ['an instruction of a processor', 'SIGILL: illegal instruction (core dumped)'],
    ['a Dockerfile', 'failed to solve: dockerfile parse error on line 3: unknown instruction: RUNN'],
    ['a masked secret', 'token: «redacted:github-token:1»'],
    ['an agent of a build system', 'Agent pool: Azure Pipelines, agent: Hosted Agent 3'],
  ])('are not what %s says', (_, line) => {
    expect(suspicionsIn(line)).toEqual([]);
  });
});
