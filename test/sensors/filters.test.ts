import { describe, expect, it } from 'vitest';
import { doorOf } from '../../src/intake/doors.ts';
import { github } from '../../src/intake/sources/github/index.ts';
import { normalise } from '../../src/intake/sources/github/normalise.ts';
import { SOURCES } from '../../src/intake/sources/index.ts';
import { DELIVERY_ORIGINS } from '../../src/model/delivery.ts';
import { branchDeletion, checkRun, comment, pullRequest, push, status, workflowJob } from '../intake/support/bodies.ts';
import { deliver, type SourceRequest } from './support/argo.ts';
import { endpointOf, MANIFESTS, SENSORS, type Sensor } from './support/manifests.ts';
import { eventOf, GITHUB_REQUESTS, OTHER_REQUESTS } from './support/requests.ts';

interface Carried {
  readonly request: SourceRequest;
  readonly sensors: readonly Sensor[];
  readonly filterErrors: readonly string[];
}

function carry(request: SourceRequest): Carried {
  const outcomes = SENSORS.map((sensor) => ({ sensor, outcome: deliver(sensor, request) }));
  return {
    request,
    sensors: outcomes.flatMap(({ sensor, outcome }) => (outcome?.passed ? [sensor] : [])),
    filterErrors: outcomes.flatMap(({ outcome }) => outcome?.filterError ?? []),
  };
}

const bot = { login: 'dependabot[bot]', id: 49_699_333, type: 'Bot' };
const CARRIED = GITHUB_REQUESTS.map(carry);
const ids = (list: readonly Carried[]) => list.map(({ request }) => request.id);
const nameOf = ({ metadata }: Sensor) => metadata.name;

/** Where each event of Healer's goes; `check_run` goes two ways, by its action. */
const ROUTES: Readonly<Record<string, readonly string[]>> = {
  'healer-ci-failure': [
    ...['workflow_job', 'workflow_run', 'check_run', 'check_suite', 'status'],
    ...['pull_request', 'push', 'delete', 'merge_group', 'ping'],
  ],
  'healer-security-alert': [
    ...['dependabot_alert', 'code_scanning_alert', 'secret_scanning_alert', 'repository_vulnerability_alert'],
  ],
  'healer-review': ['pull_request_review', 'pull_request_review_comment', 'check_run'],
  'healer-command': ['issue_comment'],
};

describe('the filters of the GitHub sensors', () => {
  it('lose nothing that says something to Healer', () => {
    const telling = CARRIED.filter(({ request }) => normalise(eventOf(request), request.body).signals.length > 0);
    expect(telling.length).toBeGreaterThan(300);
    expect(ids(telling.filter(({ sensors }) => sensors.length === 0))).toEqual([]);
  });

  it('send a delivery one way only, because Healer answers it once', () => {
    expect(ids(CARRIED.filter(({ sensors }) => sensors.length > 1))).toEqual([]);
  });

  it('send nothing that Healer has no use for', () => {
    const unknown = CARRIED.filter(({ request }) => !github.events.includes(eventOf(request)));
    expect(unknown.length).toBeGreaterThan(400);
    expect(ids(unknown.filter(({ sensors }) => sensors.length > 0))).toEqual([]);
  });

  it('send nothing that never says anything, but what people ask about', () => {
    const silent = CARRIED.filter(({ request }) => normalise(eventOf(request), request.body).signals.length === 0);
    const reasons = silent
      .filter(({ sensors }) => sensors.length > 0)
      .map(({ request }) => {
        const { ignored } = normalise(eventOf(request), request.body);
        return `${eventOf(request)}: ${ignored?.code}`;
      });
    expect([...new Set(reasons)].sort()).toEqual(SILENT);
  });

  it('send every event that a door takes', () => {
    const routes: Record<string, Set<string>> = {};
    for (const { request, sensors } of CARRIED)
      for (const sensor of sensors) {
        routes[nameOf(sensor)] ??= new Set();
        routes[nameOf(sensor)]?.add(eventOf(request));
      }
    const sent = Object.fromEntries(Object.entries(routes).map(([name, events]) => [name, [...events].sort()]));
    const expected = Object.entries(ROUTES).map(([name, events]) => [name, [...events].sort()]);
    expect(sent).toEqual(Object.fromEntries(expected));
    expect(new Set(Object.values(sent).flat())).toEqual(new Set(github.events));
  });

  it('never ask for what an event may lack, because Argo Events would log the whole body', () => {
    expect(CARRIED.flatMap(({ filterErrors }) => filterErrors)).toEqual([]);
    for (const sensor of SENSORS) {
      const { filters } = sensor.spec.dependencies[0];
      for (const { path } of filters?.data ?? []) expect(path).toMatch(/^\[.*\]$/);
    }
  });

  it('use != with one value, because with several one that differs is enough', () => {
    const negative = SENSORS.flatMap((sensor) => sensor.spec.dependencies[0].filters?.data ?? []).filter(
      ({ comparator }) => comparator === '!=',
    );
    expect(negative.length).toBeGreaterThan(0);
    for (const { value } of negative) expect(value).toHaveLength(1);
  });

  it('are anchored, because values are regular expressions that may match anywhere', () => {
    for (const sensor of SENSORS)
      for (const { value } of sensor.spec.dependencies[0].filters?.data ?? [])
        for (const pattern of value) expect(pattern).toMatch(/^\^/);
  });

  it('do not look at who did it: bots are Healer’s to judge', () => {
    const paths = SENSORS.flatMap((sensor) => sensor.spec.dependencies[0].filters?.data ?? []).map(({ path }) => path);
    expect(paths.join()).not.toMatch(/sender|user|actor|login/);
  });
});

/** Deliveries that only get a reason; each of these events can say more than that. */
const SILENT = [
  'check_run: not_a_failure',
  'check_suite: not_a_failure',
  'issue_comment: not_a_failure',
  'ping: not_a_failure',
  'pull_request_review: not_a_failure',
  'workflow_job: not_a_failure',
  'workflow_run: not_a_failure',
  // One of GitHub's examples calls a run completed that has no conclusion.
  'workflow_run: not_finished',
];

describe('a GitHub sensor', () => {
  const requestOf = (event: string, body: Readonly<Record<string, unknown>>) => ({
    id: event,
    eventSource: 'healer-github',
    eventName: 'events',
    headers: { 'X-GitHub-Event': event, 'X-GitHub-Delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' },
    body,
  });
  const wayOf = (event: string, body: Readonly<Record<string, unknown>>) =>
    carry(requestOf(event, body)).sensors.map(nameOf).join() || 'nowhere';

  it.each([
    ['a job that went red', 'workflow_job', workflowJob(), 'healer-ci-failure'],
    ['a job that went green', 'workflow_job', workflowJob({ conclusion: 'success' }), 'healer-ci-failure'],
    ['a job that was cancelled', 'workflow_job', workflowJob({ conclusion: 'cancelled' }), 'healer-ci-failure'],
    ['a job that was skipped', 'workflow_job', workflowJob({ conclusion: 'skipped' }), 'nowhere'],
    ['a job that goes on', 'workflow_job', workflowJob({ conclusion: null }, 'in_progress'), 'nowhere'],
    ['a check made with its result', 'check_run', checkRun({}, 'created'), 'healer-ci-failure'],
    ['a check that begins', 'check_run', checkRun({ status: 'queued' }, 'created'), 'nowhere'],
    ['a button', 'check_run', checkRun({}, 'requested_action'), 'healer-review'],
    ['a status that went red', 'status', status(), 'healer-ci-failure'],
    ['a status that waits', 'status', status({ state: 'pending' }), 'nowhere'],
    ['a branch that was pushed', 'push', push(), 'healer-ci-failure'],
    ['a tag that was pushed', 'push', push({ ref: 'refs/tags/v1' }), 'nowhere'],
    ['a branch that was deleted', 'delete', branchDeletion(), 'healer-ci-failure'],
    ['a tag that was deleted', 'delete', branchDeletion({ ref_type: 'tag' }), 'nowhere'],
    ['a closed pull request', 'pull_request', pullRequest('closed'), 'healer-ci-failure'],
    ['an assigned pull request', 'pull_request', pullRequest('assigned'), 'nowhere'],
    ['a command', 'issue_comment', comment('/healer fix'), 'healer-command'],
    ['a command in an edited comment', 'issue_comment', comment('/healer fix', {}, 'edited'), 'nowhere'],
    ['a comment', 'issue_comment', comment('Looks good'), 'nowhere'],
    ['a bot’s red build', 'workflow_job', { ...workflowJob(), sender: bot }, 'healer-ci-failure'],
  ])('takes %s the right way', (_what, event, body, way) => {
    expect(wayOf(event, body)).toBe(way);
  });
});

describe('the doors', () => {
  it('are known to the sources that speak at them', () => {
    for (const sensor of SENSORS) {
      const door = DELIVERY_ORIGINS.map(doorOf).find((one) => one?.path === endpointOf(sensor));
      expect(door && SOURCES[door.source]).toBeDefined();
    }
  });

  it('of other senders get everything that comes in at their EventSource', () => {
    for (const request of OTHER_REQUESTS) expect(carry(request).sensors, request.id).toHaveLength(1);
  });
});

describe('the EventSource of GitHub', () => {
  interface GitHubSource {
    readonly spec: { readonly github: { readonly events: { readonly events: readonly string[] } } };
  }

  it('names the events that the sensors carry, and no other', () => {
    const source = MANIFESTS.find(
      ({ kind, metadata }) => kind === 'EventSource' && metadata.name === 'healer-github',
    ) as unknown as GitHubSource;
    // GitHub sends `ping` to every webhook; nobody can subscribe to it.
    const subscribed = github.events.filter((event) => event !== 'ping');
    expect([...source.spec.github.events.events].sort()).toEqual([...subscribed].sort());
  });
});
