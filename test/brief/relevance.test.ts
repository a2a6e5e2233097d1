import { describe, expect, it } from 'vitest';
import { concernsPlatform } from '../../src/brief/relevance.ts';
import { brokeAt, whereabouts } from '../../src/brief/whereabouts.ts';
import type { FailureType } from '../../src/model/failure-type.ts';
import { aCheck, anAttempt, aRemediation } from '../support/builders.ts';
import { NOON } from '../support/clock.ts';
import { anAlert, anAlertRemediation } from './support/systems.ts';

describe('whether the platform may know something', () => {
  const ci = (failureType: FailureType | null, workflowName: string, check = 'test') =>
    aRemediation({ failureType, workflowName, failedChecks: [aCheck(check, { workflowName })] });

  it.each([
    ['a platform alert', anAlertRemediation()],
    ['a failed play', aRemediation({ kind: 'play', failureType: null })],
    ['a sync failure', ci('argocd_sync', 'gitops')],
    ['an image that does not build', ci('docker_build', 'healer-ci')],
    ['a chart that does not render', ci('helm_template', 'healer-ci')],
    ['a release', ci('release', 'healer-release')],
    ['a workflow that deploys', ci('general', 'deploy-staging')],
    ['a check against what runs', ci('frontend_test', 'frontend-ci', 'e2e (chromium)')],
  ])('is so for %s', (_, remediation) => {
    expect(concernsPlatform(remediation)).toBe(true);
  });

  it.each([
    ['a lint finding', ci('rust_clippy', 'healer-ci', 'clippy')],
    ['a failing unit test', ci('frontend_test', 'frontend-ci')],
    ['a type error', ci('frontend_types', 'ui-checks')],
    ['a lint finding in a workflow that releases', ci('rust_fmt', 'healer-release', 'fmt')],
    ['an unreadable YAML file', ci('yaml_syntax', 'lint')],
    ['a security alert', aRemediation({ kind: 'sec', failureType: 'security_dependabot' })],
    ['review findings', aRemediation({ kind: 'review', failureType: 'general' })],
    ['a word that only contains another', ci('general', 'asynchronous-reproduction')],
  ])('is not so for %s', (_, remediation) => {
    expect(concernsPlatform(remediation)).toBe(false);
  });
});

describe('where a failure is looked for', () => {
  const labelled = (labels: Record<string, string>) => whereabouts(anAlertRemediation([anAlert({ labels })]));

  it.each([
    [{ app: 'cart', service: 'kube-state-metrics', container: 'main' }, 'cart'],
    [{ deployment: 'cart', container: 'main' }, 'cart'],
    [{ service: 'cart', pod: 'x-1' }, 'cart'],
    [{ pod: 'cart-6d5f7c9b8-abcde' }, 'cart'],
    [{ pod: 'cart-db-0' }, 'cart-db'],
    [{ pod: 'cart-xk2p9' }, 'cart'],
    [{ app: '' }, 'shop'],
    [{}, 'shop'],
  ])('is told by the labels of the alert: %j is %s', (labels, service) => {
    expect(labelled(labels).service).toBe(service);
  });

  it('takes labels as plain names', () => {
    expect(labelled({ toString: 'x' }).service).toBe('shop');
    expect(labelled({ namespace: 'prod' }).namespace).toBe('prod');
  });

  it('is the repository’s name for a red build', () => {
    const expected = {
      repository: 'acme/shop',
      owner: 'acme',
      name: 'shop',
      service: 'shop',
      namespace: null,
      branch: 'feature',
    };
    expect(whereabouts(aRemediation())).toEqual(expected);
  });

  it('is the time of the first alert that fires, of the last attempt, or of the event', () => {
    const at = (startsAt: number, status: 'firing' | 'resolved' = 'firing') => anAlert({ startsAt, status });
    expect(brokeAt(anAlertRemediation([at(500), at(300), at(100, 'resolved')]))).toBe(300);
    expect(brokeAt(aRemediation({ attempts: [anAttempt({ endedAt: NOON + 5 })] }))).toBe(NOON + 5);
    expect(brokeAt(aRemediation({ createdAt: NOON }))).toBe(NOON);
  });
});
