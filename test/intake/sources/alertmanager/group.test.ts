import { describe, expect, it } from 'vitest';
import { alertmanager } from '../../../../src/intake/sources/alertmanager/index.ts';
import { NOBODY } from '../../../../src/intake/sources/source.ts';
import type { PlatformAlertSignal } from '../../../../src/model/signal.ts';
import { ALERT_GROUP, alert } from '../../support/alerts.ts';

const read = (body: unknown, event = 'platform_alert') => alertmanager.normalise(event, body, NOBODY);
const signals = (body: unknown) => read(body).signals as readonly PlatformAlertSignal[];
const group = (...alerts: unknown[]) => ({ ...ALERT_GROUP, alerts });

describe('a group of alerts', () => {
  it.each([
    ['platform_alert', 'platform'],
    ['workflow_alert', 'workflows'],
  ])('of the event %s came through %s, and says what fires where', (event, channel) => {
    const labels = { alertname: 'PodCrashLooping', severity: 'critical', repository: 'acme/shop', namespace: 'shop' };
    const one = {
      status: 'firing',
      name: 'PodCrashLooping',
      severity: 'critical',
      annotations: { summary: 'A pod restarts again and again', runbook_url: 'https://runbooks.acme.example/pod' },
      startsAt: Date.UTC(2026, 6, 1, 10, 0, 0, 123),
      generatorUrl: 'http://prometheus.monitoring:9090/graph?g0.expr=up',
    };
    expect(read(ALERT_GROUP, event).signals).toEqual([
      {
        kind: 'platform_alert',
        channel,
        status: 'firing',
        groupKey: 'acme/shop:{}/{team="platform"}:{alertname="PodCrashLooping"}',
        repository: 'acme/shop',
        title: 'PodCrashLooping: A pod restarts again and again',
        alerts: [
          { ...one, labels: { ...labels, pod: 'shop-1' }, fingerprint: 'c6eadffa33fcdf37' },
          { ...one, labels: { ...labels, pod: 'shop-2' }, fingerprint: 'bc97ff14869b13e3' },
        ],
        omittedAlerts: 0,
        url: 'http://alertmanager.monitoring:9093/',
      },
    ]);
  });

  it('that is resolved says so, under the same key', () => {
    const body = { ...group(alert({}, 'a', { status: 'resolved' })), status: 'resolved' };
    expect(signals(body)).toMatchObject([{ status: 'resolved', groupKey: `acme/shop:${ALERT_GROUP.groupKey}` }]);
  });

  it('fires while any alert of it does, and tells each alert’s own state', () => {
    const [signal] = signals(group(alert({}, 'a', { status: 'resolved' }), alert({}, 'b')));
    expect(signal?.status).toBe('firing');
    expect(signal?.alerts.map(({ status }) => status)).toEqual(['resolved', 'firing']);
  });

  it('whose alerts do not say their state has the group’s', () => {
    const bare = { ...group({ labels: {} }), status: 'resolved' };
    expect(signals(bare)).toMatchObject([{ status: 'resolved', alerts: [{ status: 'resolved' }] }]);
  });

  it('about several repositories is one signal for each, with its own state', () => {
    const resolved = { status: 'resolved' };
    const body = group(
      alert({ repository: 'acme/shop' }, 'a', resolved),
      alert({ repository: 'acme/till' }, 'b'),
      alert({ repository: undefined }, 'c'),
      alert({ repository: 'acme/shop' }, 'd', resolved),
    );
    expect(
      signals(body).map(({ repository, status, alerts }) => [repository, status, alerts.map((one) => one.fingerprint)]),
    ).toEqual([
      ['acme/shop', 'resolved', ['a', 'd']],
      ['acme/till', 'firing', ['b']],
      [null, 'firing', ['c']],
    ]);
    expect(signals(body).map(({ groupKey }) => groupKey.split('{')[0])).toEqual(['acme/shop:', 'acme/till:', '']);
  });

  it.each([
    [{ repository: 'acme/shop' }, 'acme/shop'],
    [{ repository: undefined, repo: 'acme/till' }, 'acme/till'],
    [{ repository: 'shop', repo: 'acme/till' }, 'acme/till'],
    [{ repository: 'https://github.com/acme/shop' }, null],
    [{ repository: '../etc' }, null],
    [{ repository: 'acme/shop; rm -rf /' }, null],
    [{ repository: 7 }, null],
    [{ repository: undefined }, null],
  ])('with labels %j is about %s', (labels, repository) => {
    expect(signals(group(alert(labels)))).toMatchObject([{ repository }]);
  });

  it.each([
    ['summary', { summary: 'Down', description: 'Long' }, 'PodCrashLooping: Down'],
    ['description', { description: 'Long' }, 'PodCrashLooping: Long'],
    ['nothing', {}, 'PodCrashLooping'],
    ['a description of several lines', { description: 'a\n\u001b[31mb' }, 'PodCrashLooping: a b'],
  ])('takes its title from %s', (_, annotations, title) => {
    expect(signals(group(alert({}, 'a', { annotations })))[0]?.title).toBe(title);
  });

  it('without alerts is nothing', () => {
    expect(read(group()).ignored).toMatchObject({
      code: 'not_a_failure',
      detail: expect.stringContaining('no alerts'),
    });
  });

  it('of hundreds lists the first and counts the others', () => {
    const many = Array.from({ length: 300 }, (_, index) => alert({}, `f${index}`));
    const [signal] = signals({ ...group(...many), truncatedAlerts: 40 });
    expect(signal?.alerts).toHaveLength(50);
    expect(signal?.omittedAlerts).toBe(290);
  });

  it.each([
    ['no status', { ...ALERT_GROUP, status: undefined }, ['status']],
    ['a status of its own', { ...ALERT_GROUP, status: 'burning' }, ['status']],
    ['no key', { ...ALERT_GROUP, groupKey: '' }, ['groupKey']],
    ['no list', { ...ALERT_GROUP, alerts: {} }, ['alerts']],
    ['an alert that is none', group(alert({}), 5), ['alerts.1']],
    ['an alert without labels', group({ status: 'firing' }), ['alerts.0.labels']],
    ['labels in a list', group({ labels: [] }), ['alerts.0.labels']],
    ['an alert’s status of its own', group(alert({}, 'a', { status: 'hot' })), ['alerts.0.status']],
  ])('with %s is refused', (_, body, paths) => {
    expect(read(body).errors.map(({ path }) => path)).toEqual(paths);
  });

  it.each([[[]], [null], ['text'], [7]])('%j is none at all', (body) => {
    expect(read(body).errors).toEqual([{ path: '', message: 'must be a JSON object' }]);
  });
});

describe('foreign text in an alert', () => {
  it('becomes clean and bounded, names and values alike', () => {
    const labels = { alertname: 'a\u0000b\nc', 'x\u202ey': 'v', long: 'z'.repeat(5_000), count: 7, __proto__: null };
    const body = JSON.parse(
      JSON.stringify(group({ labels, annotations: { summary: '\u001b[31mred' } })).replace(
        '"count"',
        '"__proto__":"p","count"',
      ),
    );
    const [signal] = signals(body);
    const one = signal?.alerts[0];
    expect(one?.name).toBe('ab c');
    expect(Object.keys(one?.labels ?? {})).toEqual(['alertname', 'xy', 'long', '__proto__']);
    expect(one?.labels['long']?.length).toBeLessThanOrEqual(512);
    expect(one?.annotations['summary']).toBe('red');
    expect(Object.getPrototypeOf(one?.labels)).toBe(Object.prototype);
  });

  it('is no link unless it is one', () => {
    const fields = { generatorURL: 'javascript:alert(1)', startsAt: 'yesterday', fingerprint: 7 };
    const [signal] = signals({ ...group(alert({}, 'a', fields)), externalURL: 'x' });
    expect(signal).toMatchObject({ url: null, alerts: [{ generatorUrl: null, startsAt: null, fingerprint: null }] });
  });

  it('that is the zero time is no time', () => {
    const [signal] = signals(group(alert({}, 'a', { startsAt: '0001-01-01T00:00:00Z' })));
    expect(signal?.alerts[0]?.startsAt).toBeNull();
  });

  it('in a key keeps long keys apart', () => {
    const key = (end: string) => signals({ ...ALERT_GROUP, groupKey: `${'k'.repeat(900)}${end}` })[0]?.groupKey ?? '';
    expect(key('a')).not.toBe(key('b'));
    expect(key('a').length).toBeLessThanOrEqual(512);
  });
});
