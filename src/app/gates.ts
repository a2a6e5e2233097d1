import type { FastifyInstance } from 'fastify';
import type { Engine } from '../coderun/engine.ts';
import { type OpenGate, openGate } from '../safety/index.ts';
import { secretValues } from './load-settings.ts';
import type { Settings } from './settings.ts';

/**
 * The last look at what leaves the process. Each room takes secrets out where it learns of a text, so that placeholders are
 * numbered and told of; these stand at the edges themselves, for what a room did not think of. test/architecture/edges.test.ts
 * holds the list of edges.
 */
export function gateOf(settings: Settings): OpenGate {
  return openGate(secretValues(settings));
}

/** An engine that is never asked to write down a secret with a CodeRun; what an agent reads is made from it. */
export function gatedEngine<E extends Engine>(engine: E, gate: OpenGate): E {
  const create: Engine['create'] = ({ spec, ...draft }) => {
    const { prompt, promptModification, acceptanceCriteria } = spec;
    const told = Object.entries({ prompt, promptModification, acceptanceCriteria }).flatMap(([key, text]) =>
      text === undefined ? [] : [[key, gate.text(text)]],
    );
    return engine.create({ ...draft, spec: { ...spec, ...Object.fromEntries(told) } });
  };
  return { ...engine, create };
}

/** Answers of the API in JSON: a remediation knows the words of whoever reported it as they were. */
export function gateAnswers(app: FastifyInstance, gate: OpenGate): void {
  app.addHook('onSend', async (_request, reply, payload) => {
    const isJson = String(reply.getHeader('content-type') ?? '').includes('json');
    if (!isJson || typeof payload !== 'string' || gate.text(payload) === payload) return payload;
    return JSON.stringify(gate.deep(JSON.parse(payload)));
  });
}

/** Parts of a request to GitHub that are words for people; names of branches and commits have to stay exact. */
const WORDS = [
  'title',
  'body',
  'description',
  'message',
  'output',
  'actions',
  'commit_message',
  'commit_title',
] as const;

/** For the GitHub client: the words in what is about to be written there. */
export function gatedWords(gate: OpenGate): (parameters: Readonly<Record<string, unknown>>) => object {
  return (parameters) =>
    Object.fromEntries(WORDS.flatMap((key) => (key in parameters ? [[key, gate.deep(parameters[key])]] : [])));
}
