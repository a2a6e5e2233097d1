import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { cleanText } from '../../clean.ts';
import { name, ref, repositoryName } from '../fields.ts';
import { eventHandler } from '../handler.ts';
import { type EventSource, ignored, isObject, type JsonObject, said, wrong } from '../source.ts';

const EVENT = 'play_failure';
/** Kept of the logs, in UTF-16 units from the end, where the error stands. */
const MAX_LOGS = 131_072;

const identifier = z.string().regex(/^[\w.:/@-]{1,200}$/, 'must be an id: letters, digits and ._:/@-');

const schema = z.object({
  play_id: identifier,
  task_id: identifier,
  stage: name,
  repository: repositoryName,
  branch: ref,
  message: z.string(),
  logs: z.string().nullish(),
});

function endOf(logs: string): string {
  const end = logs.length <= MAX_LOGS ? logs : logs.slice(-MAX_LOGS).replace(/^[^\n]*\n/, '');
  return cleanText(end, MAX_LOGS);
}

/** Healer's own format (docs: CONTRACT section 2), sent by the workflow that runs a play when a stage of it fails. */
const playFailure = eventHandler(schema, (body) =>
  said({
    kind: 'play_failed',
    playId: body.play_id,
    taskId: body.task_id,
    stage: body.stage,
    repository: body.repository,
    branch: body.branch,
    message: cleanText(body.message),
    logs: body.logs ? endOf(body.logs) : null,
  }),
);

const detect = (body: JsonObject) =>
  ['play_id', 'task_id', 'stage'].every((key) => Object.hasOwn(body, key)) ? EVENT : null;

/** Plays: staged agent work outside of CI. */
export const play: EventSource = {
  name: 'play',
  events: [EVENT],
  detect,
  recognises: (body) => detect(body) !== null,
  normalise: (event, body, self) => {
    if (!isObject(body)) return wrong([{ path: '', message: 'must be a JSON object' }]);
    return event === EVENT
      ? playFailure(body, self)
      : ignored(reason('unknown_event', `Plays have no ${event} events.`));
  },
};
