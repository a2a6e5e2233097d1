import type { Service } from '../../app/service.ts';
import type { Step } from '../../remediate/machine.ts';
import { findBrief } from '../../store/briefs.ts';
import type { Narrator, Tone } from './narrator.ts';

/** Lines of evidence that the screen has room for. */
const EVIDENCE_LINES = 3;

/** Tells each step of the remediation as it happens. Call what it returns to wait until everything was told. */
export function tellSteps(service: Service, narrator: Narrator): () => Promise<void> {
  let told: Promise<void> = Promise.resolve();
  service.machine.subscribe((step) => {
    told = told.then(() => tell(service, narrator, step));
  });
  return () => told;
}

async function tell(service: Service, narrator: Narrator, step: Step): Promise<void> {
  for (const entry of step.entries) {
    if (entry.event === 'attempt_started') await tellDecision(service, narrator, step);
    if (entry.event === 'coderun_ended') await tellAgent(service, narrator, step);
    narrator.say('healer', entry.message, toneOf(step, entry.event));
  }
}

async function tellDecision(service: Service, narrator: Narrator, { after }: Step): Promise<void> {
  const brief = await findBrief(service.store.db, after.attempts.at(-1)?.briefId ?? '');
  if (brief === null) return;
  const { classification, findings, template } = brief;
  const found = findings.filter((finding) => finding.status === 'found').map((finding) => finding.source);
  narrator.say(
    'healer',
    [
      `It is ${classification.failureType} (rule ${classification.rule}, confidence ${classification.confidence.toFixed(2)}), because:`,
      ...classification.evidence
        .slice(0, EVIDENCE_LINES)
        .map((line) => `  line ${line.line}: ${line.text.trim().slice(0, 110)}`),
      `The brief: ${template} with ${found.join(', ')}.`,
    ].join('\n'),
  );
}

async function tellAgent(service: Service, narrator: Narrator, { after }: Step): Promise<void> {
  const name = after.attempts.at(-1)?.codeRunName;
  const output = name ? await service.engine.output(name, 16_000) : null;
  const said = (output ?? '').split('\n').filter((line) => line.startsWith('[demo agent] '));
  for (const line of said) narrator.say('agent', line.slice('[demo agent] '.length), 'quiet');
}

function toneOf({ after }: Step, event: string): Tone {
  if (event === 'opened' || event === 'attempt_ended') return 'bad';
  return after.phase === 'succeeded' ? 'good' : 'plain';
}
