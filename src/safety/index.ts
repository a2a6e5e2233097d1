export { cleanLine, cleanText } from './clean.ts';
export { createNonce, fence } from './fence.ts';
export { type OpenGate, openGate, safeLine, safeText } from './gate.ts';
export { type Suspicion, suspicionsIn } from './instructions.ts';
export { branchSegment, codeSpan, dnsName, labelValue, markdownText, shellQuote } from './names.ts';
export {
  createRedactor,
  PLACEHOLDER,
  type Redaction,
  type Redactor,
  type RedactorOptions,
  redactors,
} from './redact.ts';
