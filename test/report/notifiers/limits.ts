/**
 * What the chats publish about how long their messages may be, written down apart from the program:
 *
 * | place | limit | where it is published |
 * | --- | --- | --- |
 * | Discord content | 2,000 | https://docs.discord.com/developers/resources/webhook#execute-webhook |
 * | Discord embeds | 10 a message | the same |
 * | Discord embed title, description, fields, field name, field value, footer | 256, 4,096, 25, 256, 1,024, 2,048 | https://docs.discord.com/developers/resources/message#embed-object-embed-limits |
 * | Discord embeds together | 6,000 | the same |
 * | Slack blocks | 50 a message | https://docs.slack.dev/reference/block-kit/blocks |
 * | Slack header, section text, section fields, field text, context elements | 150, 3,000, 10, 2,000, 10 | the pages of these blocks, there |
 * | Slack text of a message | 4,000 advised, 40,000 cut | https://docs.slack.dev/reference/methods/chat.postMessage |
 * | Slack blocks as JSON | about 13,200 | slackapi/bolt-js issue 2509 (`msg_blocks_too_long`) |
 * | GitHub comment | 65,536 | GitHub answers 422 to a longer one |
 * | GitHub check summary, text; annotations; button | 65,535; 50 a request; 20, 40, 20 | @octokit/openapi, which the requests are checked against |
 * | e-mail line | 998 | RFC 5322, 2.1.1 |
 */
export type Json = Readonly<Record<string, unknown>>;

const length = (value: unknown): number => (typeof value === 'string' ? [...value].length : 0);
/** Counted as JavaScript does, which is never less than characters: what fits so, fits. */
const units = (value: unknown): number => (typeof value === 'string' ? value.length : 0);
const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as Json[]) : []);

/** Why Discord would answer 400 to the message; empty when it takes it. */
export function discordProblems(message: Json): readonly string[] {
  const embeds = list(message['embeds']);
  const problems: string[] = [];
  const check = (isWrong: boolean, what: string): void => {
    if (isWrong) problems.push(what);
  };
  check(units(message['content']) > 2_000, 'content');
  check(length(message['content']) === 0 && embeds.length === 0, 'empty message');
  check(embeds.length > 10, 'embeds');
  let total = 0;
  for (const embed of embeds) {
    const fields = list(embed['fields']);
    const footer = (embed['footer'] as Json | undefined)?.['text'];
    check(units(embed['title']) > 256, 'title');
    check(units(embed['description']) > 4_096, 'description');
    check(fields.length > 25, 'fields');
    check(units(footer) > 2_048, 'footer');
    check(typeof embed['timestamp'] !== 'string' || Number.isNaN(Date.parse(embed['timestamp'])), 'timestamp');
    for (const field of fields) {
      check(units(field['name']) > 256 || length(field['name']) === 0, 'field name');
      check(units(field['value']) > 1_024 || length(field['value']) === 0, 'field value');
      total += units(field['name']) + units(field['value']);
    }
    total += units(embed['title']) + units(embed['description']) + units(footer);
  }
  check(total > 6_000, 'embeds together');
  check(JSON.stringify(message['allowed_mentions']) !== '{"parse":[]}', 'allowed_mentions');
  return problems;
}

/** Why Slack would answer `invalid_blocks` to the message; empty when it takes it. */
export function slackProblems(message: Json): readonly string[] {
  const blocks = list(message['blocks']);
  const problems: string[] = [];
  const check = (isWrong: boolean, what: string): void => {
    if (isWrong) problems.push(what);
  };
  const text = (value: unknown, max: number, what: string): void => {
    const { text: words, type } = (value ?? {}) as Json;
    check(type !== 'plain_text' && type !== 'mrkdwn', `${what} type`);
    check(units(words) > max || units(words) === 0, what);
  };
  check(units(message['text']) > 4_000 || units(message['text']) === 0, 'text');
  check(blocks.length > 50, 'blocks');
  check(JSON.stringify(blocks).length > 13_000, 'blocks together');
  for (const block of blocks) {
    switch (block['type']) {
      case 'header':
        text(block['text'], 150, 'header');
        check((block['text'] as Json)['type'] !== 'plain_text', 'header type');
        break;
      case 'section': {
        const fields = list(block['fields']);
        check(block['text'] === undefined && fields.length === 0, 'empty section');
        check(fields.length > 10, 'fields');
        if (block['text'] !== undefined) text(block['text'], 3_000, 'section');
        for (const field of fields) text(field, 2_000, 'field');
        break;
      }
      case 'context': {
        const elements = list(block['elements']);
        check(elements.length === 0 || elements.length > 10, 'context');
        for (const element of elements) text(element, 3_000, 'context element');
        break;
      }
      case 'divider':
        break;
      default:
        check(true, `block ${String(block['type'])}`);
    }
  }
  return problems;
}
