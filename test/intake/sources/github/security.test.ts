import { describe, expect, it } from 'vitest';
import { normalise } from '../../../../src/intake/sources/github/normalise.ts';
import type { SecuritySignal } from '../../../../src/model/signal.ts';
import {
  codeScanningAlert,
  dependabotAlert,
  LEAK,
  secretScanningAlert,
  vulnerabilityAlert,
} from '../../support/alerts.ts';
import { OTHER_SHA, SHA } from '../../support/bodies.ts';
import { example } from '../../support/examples.ts';

const BODIES = {
  dependabot_alert: dependabotAlert,
  code_scanning_alert: codeScanningAlert,
  secret_scanning_alert: secretScanningAlert,
  repository_vulnerability_alert: vulnerabilityAlert,
};
const read = (event: keyof typeof BODIES, fields: object = {}, action?: string) =>
  normalise(event, BODIES[event]({ ...fields }, action));
const signalOf = (event: keyof typeof BODIES, fields: object = {}, action?: string) =>
  read(event, fields, action).signals[0] as SecuritySignal;

const maria = { login: 'maria', type: 'User' };

describe('an alert event', () => {
  it.each([
    ['dependabot_alert', 'created', 'security_raised', null],
    ['dependabot_alert', 'reopened', 'security_raised', null],
    ['dependabot_alert', 'auto_reopened', 'security_raised', null],
    ['dependabot_alert', 'reintroduced', 'security_raised', null],
    ['dependabot_alert', 'fixed', 'security_resolved', 'fixed'],
    ['dependabot_alert', 'dismissed', 'security_resolved', 'dismissed'],
    ['dependabot_alert', 'auto_dismissed', 'security_resolved', 'auto_dismissed'],
    ['code_scanning_alert', 'created', 'security_raised', null],
    ['code_scanning_alert', 'reopened', 'security_raised', null],
    ['code_scanning_alert', 'reopened_by_user', 'security_raised', null],
    ['code_scanning_alert', 'appeared_in_branch', 'security_raised', null],
    ['code_scanning_alert', 'fixed', 'security_resolved', 'fixed'],
    ['code_scanning_alert', 'closed_by_user', 'security_resolved', 'dismissed'],
    ['secret_scanning_alert', 'created', 'security_raised', null],
    ['secret_scanning_alert', 'reopened', 'security_raised', null],
    ['secret_scanning_alert', 'resolved', 'security_resolved', 'resolved'],
    ['secret_scanning_alert', 'revoked', 'security_resolved', 'revoked'],
    ['repository_vulnerability_alert', 'create', 'security_raised', null],
    ['repository_vulnerability_alert', 'reopen', 'security_raised', null],
    ['repository_vulnerability_alert', 'resolve', 'security_resolved', 'fixed'],
    ['repository_vulnerability_alert', 'dismiss', 'security_resolved', 'dismissed'],
  ] as const)('%s %s is %s (%s)', (event, action, kind, resolution) => {
    const { signals, errors } = read(event, {}, action);
    expect(errors).toEqual([]);
    expect(signals).toMatchObject([
      { kind, action, resolution, repository: 'acme/shop', defaultBranch: 'main', actor: maria },
    ]);
  });

  it.each([
    ['dependabot_alert', 'assignees_changed'],
    ['code_scanning_alert', 'updated_assignment'],
    ['secret_scanning_alert', 'validated'],
    ['secret_scanning_alert', 'publicly_leaked'],
    ['secret_scanning_alert', 'assigned'],
    ['repository_vulnerability_alert', 'toString'],
  ] as const)('%s %s neither raises nor resolves', (event, action) => {
    const { signals, ignored, errors } = read(event, {}, action.toLowerCase());
    expect({ signals, errors }).toEqual({ signals: [], errors: [] });
    expect(ignored).toMatchObject({ code: 'not_a_failure', detail: expect.stringContaining('acme/shop') });
  });

  it.each([
    ['dependabot_alert', { number: 0 }, 'alert.number'],
    ['dependabot_alert', { dependency: { package: { ecosystem: 'npm', name: '' } } }, 'alert.dependency.package.name'],
    ['code_scanning_alert', { number: null }, 'alert.number'],
    ['secret_scanning_alert', { number: '191' }, 'alert.number'],
    ['repository_vulnerability_alert', { affected_package_name: 7 }, 'alert.affected_package_name'],
  ] as const)('%s without what names the alert is refused', (event, fields, path) => {
    expect(read(event, fields).errors.map((error) => error.path)).toContain(path);
  });

  it('says who resolved it when the alert does, else who sent it', () => {
    const ann = { login: 'ann', type: 'User' };
    expect(signalOf('dependabot_alert', { dismissed_by: ann }, 'dismissed').actor).toEqual(ann);
    expect(signalOf('code_scanning_alert', { dismissed_by: ann }, 'closed_by_user').actor).toEqual(ann);
    expect(signalOf('secret_scanning_alert', { resolved_by: ann }, 'resolved').actor).toEqual(ann);
    expect(signalOf('repository_vulnerability_alert', { dismisser: ann }, 'dismiss').actor).toEqual(ann);
    expect(signalOf('dependabot_alert', {}, 'dismissed').actor).toEqual(maria);
  });
});

describe('a Dependabot alert', () => {
  it('says what is vulnerable, since when it is not, and where it is named', () => {
    expect(signalOf('dependabot_alert')).toEqual({
      kind: 'security_raised',
      repository: 'acme/shop',
      defaultBranch: 'main',
      alertKind: 'dependabot',
      number: 20,
      groupKey: 'dependabot:npm:left-pad:web/package-lock.json',
      action: 'created',
      title: 'left-pad pads too much',
      severity: 'high',
      url: 'https://github.com/acme/shop/security/dependabot/20',
      ref: null,
      branch: null,
      pullRequest: null,
      headSha: null,
      details: {
        about: 'dependency',
        packageName: 'left-pad',
        ecosystem: 'npm',
        manifestPath: 'web/package-lock.json',
        vulnerableRange: '< 1.3.1',
        patchedVersion: '1.3.1',
        ghsaId: 'GHSA-aaaa-bbbb-cccc',
        cveId: 'CVE-2026-0001',
        summary: 'left-pad pads too much',
      },
      resolution: null,
      actor: maria,
    });
  });

  const dependency = (ecosystem: string, name: string, manifest_path: string) => ({
    dependency: { package: { ecosystem, name }, manifest_path },
  });

  it('shares its group with other advisories of the package in the same manifest, and with nothing else', () => {
    const key = (fields: object) => signalOf('dependabot_alert', fields).groupKey;
    expect(key({ number: 21, security_advisory: { ghsa_id: 'GHSA-x' } })).toBe(key({}));
    const others = [
      dependency('npm', 'left-pad', 'package-lock.json'),
      dependency('npm', 'right-pad', 'web/package-lock.json'),
      dependency('pip', 'left-pad', 'web/package-lock.json'),
      // Parts cannot be moved across their borders.
      dependency('npm', 'left-pad:web/package-lock.json', ''),
      dependency('npm', 'left-pad:web', 'x'),
      dependency('npm', 'left-pad', 'web:x'),
      dependency('npm', 'left-pad%3Aweb', 'x'),
    ].map(key);
    expect(new Set([...others, key({})]).size).toBe(others.length + 1);
  });

  it('keeps a group of very long names apart from others, in a key of bounded length', () => {
    const long = (end: string) =>
      signalOf('dependabot_alert', dependency('npm', 'x'.repeat(500), `${'y'.repeat(450)}${end}`)).groupKey;
    expect(long('a')).not.toBe(long('b'));
    expect(long('a').length).toBeLessThanOrEqual(512);
  });

  it('stands without an advisory', () => {
    const fields = { security_advisory: null, security_vulnerability: 5, html_url: 'ftp://x' };
    expect(signalOf('dependabot_alert', fields)).toMatchObject({
      title: 'A vulnerable version of left-pad',
      severity: null,
      url: null,
      details: { patchedVersion: null, ghsaId: null },
    });
  });
});

describe('a code scanning alert', () => {
  it('says rule, place and branch', () => {
    expect(signalOf('code_scanning_alert')).toEqual({
      kind: 'security_raised',
      repository: 'acme/shop',
      defaultBranch: 'main',
      alertKind: 'code_scan',
      number: 10,
      groupKey: 'code_scan:js/sql-injection:src/orders.js',
      action: 'created',
      title: 'Query built from user input',
      severity: 'critical',
      url: 'https://github.com/acme/shop/security/code-scanning/10',
      ref: 'refs/heads/main',
      branch: 'main',
      pullRequest: null,
      headSha: SHA,
      details: {
        about: 'code',
        ruleId: 'js/sql-injection',
        description: 'Query built from user input',
        message: 'This query depends on a request.',
        tool: 'CodeQL',
        path: 'src/orders.js',
        startLine: 84,
        endLine: 86,
      },
      resolution: null,
      actor: maria,
    });
  });

  it('on a pull request names its number and no branch', () => {
    expect(
      normalise('code_scanning_alert', codeScanningAlert({}, 'fixed', 'refs/pull/11/merge')).signals[0],
    ).toMatchObject({ ref: 'refs/pull/11/merge', branch: null, pullRequest: 11 });
  });

  it.each([
    ['no instance', { most_recent_instance: null }],
    ['no path', { most_recent_instance: { location: {} } }],
    ['no rule', { rule: null }],
  ])('with %s is healed by its number', (_, fields) => {
    expect(signalOf('code_scanning_alert', fields).groupKey).toBe('code_scan:#10');
  });

  it('is about the ref of the event, where an older instance names another', () => {
    const instance = { ref: 'refs/heads/old', commit_sha: OTHER_SHA };
    expect(signalOf('code_scanning_alert', { most_recent_instance: instance })).toMatchObject({
      branch: 'main',
      headSha: SHA,
    });
  });

  it('takes ref and commit from the instance when the event names none', () => {
    const body = { ...codeScanningAlert(), ref: '', commit_oid: '' };
    expect(normalise('code_scanning_alert', body).signals[0]).toMatchObject({ branch: 'main', headSha: OTHER_SHA });
  });

  it('of an older server has its place in a list', () => {
    expect(
      normalise('code_scanning_alert', example('api.github.com/code_scanning_alert/2').body).signals[0],
    ).toMatchObject({
      branch: 'code-feature',
      groupKey: 'code_scan:java/sql-injection:src/main/java/com/github/demo/service/BookService.java',
      details: { startLine: 84 },
    });
  });
});

describe('a secret scanning alert', () => {
  it('says of what kind the secret is, and never what it is', () => {
    const signal = signalOf('secret_scanning_alert', {
      first_location_detected: { path: 'config.yml', start_line: 3, blob_sha: SHA },
    });
    expect(signal).toEqual({
      kind: 'security_raised',
      repository: 'acme/shop',
      defaultBranch: 'main',
      alertKind: 'secret',
      number: 191,
      groupKey: 'secret:#191',
      action: 'created',
      title: 'Leaked secret: Adafruit IO Key',
      severity: null,
      url: 'https://github.com/acme/shop/security/secret-scanning/191',
      ref: null,
      branch: null,
      pullRequest: null,
      headSha: null,
      details: {
        about: 'secret',
        secretType: 'adafruit_io_key',
        displayName: 'Adafruit IO Key',
        validity: 'active',
        publiclyLeaked: false,
        locations: [{ type: 'commit', path: 'config.yml', startLine: 3 }],
      },
      resolution: null,
      actor: maria,
    });
    expect(JSON.stringify(signal)).not.toContain(LEAK);
  });

  it('says where, as far as it is told', () => {
    const places = (fields: object) => {
      const { details } = signalOf('secret_scanning_alert', fields);
      return details.about === 'secret' ? details.locations : null;
    };
    expect(places({ locations: [{ type: 'issue_title' }, 5, { type: 'commit', details: { path: 'a' } }] })).toEqual([
      { type: 'issue_title', path: null, startLine: null },
      { type: 'commit', path: 'a', startLine: null },
    ]);
    expect(places({ locations: 'x' })).toEqual([]);
    expect(places({ locations: Array.from({ length: 50 }, () => ({ type: 'commit' })) })).toHaveLength(20);
  });

  it.each(['revoked', 'false_positive', 'wont_fix', 'used_in_tests', 'pattern_deleted'])(
    'that is resolved says how: %s',
    (resolution) => {
      expect(signalOf('secret_scanning_alert', { resolution }, 'resolved').resolution).toBe(resolution);
    },
  );
});

describe('a repository vulnerability alert', () => {
  it('says what is vulnerable; it knows neither ecosystem nor manifest', () => {
    expect(signalOf('repository_vulnerability_alert')).toMatchObject({
      alertKind: 'vulnerability',
      number: 2,
      groupKey: 'vulnerability:rack',
      severity: 'moderate',
      details: {
        about: 'dependency',
        packageName: 'rack',
        ecosystem: null,
        manifestPath: null,
        vulnerableRange: '>= 2.0.4, < 2.0.6',
        patchedVersion: '2.0.6',
        ghsaId: 'GHSA-hg78-4f6x-99wq',
        cveId: 'CVE-2018-16470',
      },
    });
  });

  it('of an older server has an id and no number', () => {
    expect(signalOf('repository_vulnerability_alert', { number: undefined }).number).toBe(91_095_730);
  });
});
