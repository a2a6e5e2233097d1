import { describe, expect, it } from 'vitest';
import { DOORS, doorOf } from '../../src/intake/doors.ts';
import { interpret, interpretDelivery, originOf } from '../../src/intake/interpret.ts';
import { DELIVERY_ORIGINS, type DeliveryOrigin } from '../../src/model/delivery.ts';
import { ALERT_GROUP, PLAY_FAILURE } from './support/alerts.ts';
import { checkRun, workflowRun, wrapped } from './support/bodies.ts';
import { EXAMPLES } from './support/examples.ts';

describe('a stored delivery', () => {
  const door = doorOf('ci-failure') ?? DOORS[0]!;
  const bytes = (body: unknown) => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const form = `payload=${encodeURIComponent(JSON.stringify(workflowRun()))}`;

  it.each([
    ['bare with a header', workflowRun(), 'workflow_run'],
    ['bare without', workflowRun(), null],
    ['wrapped', wrapped(workflowRun(), 'workflow_run'), null],
    ['wrapped under another header', wrapped(checkRun(), 'check_run'), 'workflow_job'],
    ['a form', form, 'workflow_run'],
    ['of another event', { action: 'x', sender: {} }, 'star'],
    ['of no known event', { action: 'x', sender: {} }, null],
  ])('says what it said at the door: %s', (_, body, event) => {
    const atDoor = interpret({ door, bytes: bytes(body), event, externalId: 'id-1' });
    const stored = { origin: door.origin, event: atDoor.event, externalId: atDoor.externalId, body: bytes(body) };
    expect(interpretDelivery(stored)).toEqual(atDoor);
  });

  it('of every origin has a door to be read by', () => {
    for (const origin of DELIVERY_ORIGINS) expect(doorOf(origin)?.origin).toBe(origin);
  });

  it('of an origin that nobody knows is ignored with a reason', () => {
    const origin = 'of old' as DeliveryOrigin;
    const read = interpretDelivery({ origin, event: null, externalId: null, body: bytes('{}') });
    expect(read).toMatchObject({ signals: [], fault: null, ignored: { code: 'unknown_event' } });
  });
});

const GITHUB_DOORS = DOORS.filter(({ source }) => source === 'github');

describe('a body in a file', () => {
  it.each([
    [PLAY_FAILURE, 'play-failure'],
    [ALERT_GROUP, 'platform-alert'],
    [{ body: ALERT_GROUP, headers: {} }, 'platform-alert'],
    [workflowRun(), 'github'],
    [{ hello: 'world' }, 'github'],
    ['{', 'github'],
    ['[]', 'github'],
  ])('%j belongs to the door %s', (body, origin) => {
    expect(originOf(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))).toBe(origin);
  });

  it('of GitHub’s examples is GitHub’s', () => {
    for (const { body } of EXAMPLES) expect(originOf(Buffer.from(JSON.stringify(body)))).toBe('github');
  });
});

describe('every example body', () => {
  const sentAs = {
    'named by the header': ({ event, body }: (typeof EXAMPLES)[number]) => ({ event, body: body as unknown }),
    'told by its shape': ({ body }: (typeof EXAMPLES)[number]) => ({ event: null, body: body as unknown }),
    'wrapped by a sensor': ({ event, body }: (typeof EXAMPLES)[number]) => ({
      event: null,
      body: wrapped(body, event),
    }),
    'wrapped as text': ({ event, body }: (typeof EXAMPLES)[number]) => ({
      event: null,
      body: wrapped(JSON.stringify(body), event),
    }),
  };

  it.each(GITHUB_DOORS.map(({ path }) => path))(
    'through %s says something or has a reason, however it is sent',
    (path) => {
      const door = DOORS.find((row) => row.path === path) ?? DOORS[0]!;
      for (const one of EXAMPLES) {
        for (const send of Object.values(sentAs)) {
          const { event, body } = send(one);
          const read = interpret({ door, bytes: Buffer.from(JSON.stringify(body)), event, externalId: null });
          expect(read.fault, one.label).toBeNull();
          expect(read.signals.length > 0, one.label).toBe(read.ignored === null);
        }
      }
    },
  );

  it('says the same at each of GitHub’s doors, so that the door it came to first does not matter', () => {
    for (const { event, body } of EXAMPLES) {
      const reads = GITHUB_DOORS.map((door) =>
        interpret({ door, bytes: Buffer.from(JSON.stringify(body)), event, externalId: null }),
      );
      expect(new Set(reads.map((read) => JSON.stringify(read))).size).toBe(1);
    }
  });
});

describe('the doors', () => {
  it.each([
    ['/api/remediate/play-failure', PLAY_FAILURE, 'play_failed', 'play_failure'],
    ['/api/alerts/platform', ALERT_GROUP, 'platform_alert', 'platform_alert'],
    ['/api/alerts/workflows', ALERT_GROUP, 'platform_alert', 'workflow_alert'],
  ])('%s knows what comes to it, whatever a header says', (path, body, kind, event) => {
    const door = DOORS.find((row) => row.path === path) ?? DOORS[0]!;
    for (const sent of [body, { body, headers: {} }, { body: JSON.stringify(body) }]) {
      const bytes = Buffer.from(JSON.stringify(sent));
      for (const header of [null, 'push']) {
        const read = interpret({ door, bytes, event: header, externalId: null });
        expect(read).toMatchObject({ event, fault: null, signals: [{ kind }] });
        expect(interpretDelivery({ origin: door.origin, event, externalId: null, body: bytes })).toEqual(read);
      }
    }
  });

  it('are one to a path and one to an origin', () => {
    expect(new Set(DOORS.map(({ path }) => path)).size).toBe(DOORS.length);
    expect(new Set(DOORS.map(({ origin }) => origin)).size).toBe(DOORS.length);
  });
});
