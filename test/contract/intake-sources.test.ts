import { describe, expect, it } from 'vitest';
import { argoEvents } from '../../src/intake/sources/argo-events/index.ts';
import { ENVELOPES, SOURCES, type SourceName } from '../../src/intake/sources/index.ts';
import { ALERT_GROUP, PLAY_FAILURE } from '../intake/support/alerts.ts';
import { EXAMPLES } from '../intake/support/examples.ts';
import { folders, type SourceExample, sourceContract } from './intake-sources.ts';

const BODIES: Readonly<Record<SourceName, readonly SourceExample[]>> = {
  github: EXAMPLES,
  alertmanager: [
    { event: 'platform_alert', body: ALERT_GROUP },
    { event: 'workflow_alert', body: ALERT_GROUP, isNamedByDoor: true },
  ],
  play: [{ event: 'play_failure', body: PLAY_FAILURE }],
};

describe('the registry of sources', () => {
  it('holds exactly the folders beside it, under their names', () => {
    const registered = [...Object.values(SOURCES), ...ENVELOPES].map(({ name }) => name);
    expect(registered.toSorted()).toEqual(folders().toSorted());
    for (const [key, { name }] of Object.entries(SOURCES)) expect(name).toBe(key);
  });
});

for (const [name, source] of Object.entries(SOURCES)) sourceContract(source, BODIES[name as SourceName]);

describe('an envelope', () => {
  it.each(ENVELOPES)('$name is no source’s bare body', ({ unwrap }) => {
    for (const { body } of Object.values(BODIES).flat()) expect(unwrap(body)).toBeNull();
  });

  it('gives back the body that was put in', () => {
    for (const { body, event } of EXAMPLES)
      expect(argoEvents.unwrap({ body, headers: { 'X-Github-Event': [event] } })).toMatchObject({ body, event });
  });
});
