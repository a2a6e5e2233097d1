/**
 * Text that reads as if it were meant for an agent: people should see that somebody tried. Nothing depends on it, because
 * all text from outside is fenced as data whatever it says; so it is enough to know the usual ways of saying it.
 */
export interface Suspicion {
  /** What kind of words these are. */
  readonly kind: string;
  /** The words themselves, on one line, as far as they matter. */
  readonly words: string;
}

const SIGNS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  [
    'asks to forget instructions',
    /\b(?:ignore|disregard|forget|override|bypass)\b[^\n.]{0,40}\b(?:previous|prior|above|earlier|all|any|your|these|the)\b[^\n.]{0,40}\b(?:instruction|prompt|rule|guideline|direction|context|limit|polic)\w*/i,
  ],
  [
    'gives new instructions',
    /\b(?:new|updated|revised|real|actual)\s+(?:system\s+)?(?:instructions?|task|prompt|orders?)\s*[:=]|\byour\s+(?:new|real|actual)\s+(?:task|job|goal|role|instructions?)\b/i,
  ],
  [
    'gives another role',
    /\b(?:you\s+are\s+(?:now|no\s+longer)|from\s+now\s+on,?\s+you|act\s+as\s+(?:an?|the)\s+\w+\s+(?:admin|assistant|agent|user|system)|pretend\s+(?:to\s+be|you)|(?:developer|god|admin|dan|jailbreak)\s+mode)\b/i,
  ],
  [
    'poses as a system message',
    /<\/?\s*(?:system|assistant|instructions?|user|human|tool_?(?:call|result|use)s?|function_?calls?|antml:\w+)(?:\s[^>\n]{0,80})?>|<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|>|\[\/?(?:INST|SYS|SYSTEM)\]|<<\/?SYS>>|^\s{0,8}(?:#{1,4}\s*)?(?:system|assistant|human)\s*(?:prompt|message)?\s*:\s*\S/im,
  ],
  [
    'poses as our fence',
    /<<<DATA\b|^\s{0,8}DATA\s+\S{1,40}>>>|\bend\s+of\s+(?:untrusted\s+)?data\b|(?:data|untrusted)\s+section\s+ends\b/im,
  ],
  [
    'asks for what must stay secret',
    /\b(?:print|reveal|show|repeat|output|send|post|leak|exfiltrate|upload|dump|echo|cat)\b[^\n]{0,50}\b(?:system\s+prompt|your\s+(?:prompt|instructions?|rules|context)|secrets?|tokens?|credentials?|env(?:ironment)?\s+variables?|api\s+keys?|private\s+key|GITHUB_TOKEN|\.env)\b/i,
  ],
  ['gives a command of ours', /(?:^|\s)\/healer\s+(?:approve|retry|cancel|route|fix|pause|resume)\b/im],
  [
    'poses as a call of a tool',
    /"(?:tool_use|tool_calls?|function_call|tool_name)"\s{0,3}:|"type"\s{0,3}:\s{0,3}"(?:tool_use|function|tool_result)"/i,
  ],
  [
    'asks for what is forbidden',
    /\b(?:push|git\s+push)\b[^\n.]{0,30}(?:--force\b|-f\b|\bby\s+force\b|\bto\s+(?:main|master)\b)|\bmerge\s+(?:this|the|your)\s+(?:pull\s+request|pr|branch)\b|\b(?:delete|remove|disable|skip)\s+(?:all\s+)?(?:the\s+)?(?:failing\s+)?(?:tests?|checks?|workflows?|branch\s+protection)\b[^\n.]{0,40}\b(?:to|so|and|now|then)\b/i,
  ],
  [
    'addresses an agent',
    /\b(?:attention|note|important|message|instructions?|hint)\s*(?:to|for|:)\s*(?:the\s+|all\s+|any\s+)?(?:ai|llm|language\s+model|coding\s+agent|agents?|assistants?|bots?|claude|gpt|copilot|codex|gemini)\b|\b(?:dear|hey|hi|hello)\s+(?:ai|claude|gpt|copilot|agent|assistant)\b|\bas\s+an\s+ai\b/i,
  ],
  [
    'writes a template',
    /\{\{[#/>{&]?\s{0,3}(?:>|#?(?:each|if|with|unless|lookup)\b|this\b|@root|constructor|__proto__|nonce|agent\.|failure\.|limits)/i,
  ],
  ['speaks of our placeholders', /«redacted:[a-z0-9-]{1,40}:\d{1,6}»\s{0,3}(?:is|=|means|stands|:)\s/i],
];
/** Longer than anything that a person would show another. */
const MAX_WORDS = 120;

/** The signs in one text, each kind once. Expects text that went through the gate. */
export function suspicionsIn(text: string): readonly Suspicion[] {
  return SIGNS.flatMap(([kind, pattern]) => {
    const found = pattern.exec(text);
    if (found === null) return [];
    const words = found[0].replace(/\s+/g, ' ').trim();
    return [{ kind, words: words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS).toWellFormed()}…` : words }];
  });
}
