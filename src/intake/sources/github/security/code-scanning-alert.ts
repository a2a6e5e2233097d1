import * as z from 'zod';
import { eventHandler } from '../../handler.ts';
import { actor, id, maybe, maybeLine, maybeText, maybeUrl, ref, repository, sha, word } from '../schema.ts';
import { type Actions, alertSignal, groupKey } from './alert.ts';

const instance = maybe(
  z.object({
    ref: maybe(ref),
    commit_sha: maybe(sha),
    message: maybe(z.object({ text: maybeText })),
    location: maybe(z.object({ path: maybeLine, start_line: maybe(id), end_line: maybe(id) })),
  }),
);

const schema = z.object({
  action: word,
  alert: z.object({
    number: id,
    html_url: maybeUrl,
    rule: maybe(
      z.object({
        id: maybeLine,
        name: maybeLine,
        description: maybeLine,
        severity: maybe(word),
        security_severity_level: maybe(word),
      }),
    ),
    tool: maybe(z.object({ name: maybeLine })),
    most_recent_instance: instance,
    // Older servers list them all instead; the first is the one the event is about.
    instances: maybe(z.array(z.unknown()).transform((list) => instance.parse(list[0]))),
    dismissed_by: actor,
  }),
  // Empty when a person closed the alert.
  ref: maybe(ref),
  commit_oid: maybe(sha),
  repository,
  sender: actor,
});

const ACTIONS: Actions = {
  raise: ['created', 'reopened', 'reopened_by_user', 'appeared_in_branch'],
  resolve: { fixed: 'fixed', closed_by_user: 'dismissed' },
};

export const codeScanningAlert = eventHandler(schema, (event) => {
  const { alert } = event;
  const { rule, number } = alert;
  const seen = alert.most_recent_instance ?? alert.instances;
  const [ruleId, path] = [rule?.id ?? null, seen?.location?.path ?? null];
  return alertSignal(event, ACTIONS, {
    alertKind: 'code_scan',
    number,
    groupKey: ruleId !== null && path !== null ? groupKey('code_scan', ruleId, path) : `code_scan:#${number}`,
    title: rule?.description ?? rule?.name ?? ruleId ?? `Code scanning alert ${number}`,
    severity: rule?.security_severity_level ?? rule?.severity ?? null,
    url: alert.html_url,
    ref: event.ref ?? seen?.ref ?? null,
    headSha: event.commit_oid ?? seen?.commit_sha ?? null,
    details: {
      about: 'code',
      ruleId,
      description: rule?.description ?? null,
      message: seen?.message?.text ?? null,
      tool: alert.tool?.name ?? null,
      path,
      startLine: seen?.location?.start_line ?? null,
      endLine: seen?.location?.end_line ?? null,
    },
    resolvedBy: alert.dismissed_by,
    resolution: null,
  });
});
