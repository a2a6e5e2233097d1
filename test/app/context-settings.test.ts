import { describe, expect, it } from 'vitest';
import { contextSystems } from '../../src/app/context-systems.ts';
import { loadSettings, maskSecrets, secretValues } from '../../src/app/load-settings.ts';
import { settingKeys } from '../../src/app/settings.ts';

/** No file of settings is there. */
const NOWHERE = '/nonexistent';
const load = (env: Record<string, string> = {}) => loadSettings(env, NOWHERE);

describe('the settings of context sources', () => {
  it('ask nobody unless an address is set', () => {
    expect(contextSystems(load())).toEqual({
      prometheus: null,
      loki: null,
      argocd: null,
      argoWorkflows: null,
      grafana: null,
      kubernetes: null,
    });
  });

  it('have the names that deployments use', () => {
    const names = settingKeys().map((key) => key.environmentName);
    const contract = ['ARGOCD_SERVER', 'ARGOCD_TOKEN', 'PROMETHEUS_URL', 'LOKI_URL', 'GRAFANA_URL', 'GRAFANA_TOKEN'];
    expect(names).toEqual(expect.arrayContaining(contract));
  });

  it('take a bare host for https, and a token as the argo program has it', () => {
    const systems = contextSystems(
      load({
        ARGOCD_SERVER: 'argocd.acme.example:8443',
        ARGOCD_TOKEN: 'argocd-token',
        ARGO_SERVER: 'https://argo.acme.example/argo',
        ARGO_TOKEN: 'Bearer argo-token',
        HEALER_LOKI_TENANT: 'acme',
        LOKI_URL: 'http://loki:3100',
      }),
    );
    expect(systems.argocd).toEqual({ url: 'https://argocd.acme.example:8443', token: 'argocd-token' });
    expect(systems.argoWorkflows).toMatchObject({ token: 'argo-token', namespace: 'argo' });
    expect(systems.loki).toMatchObject({ token: null, headers: { 'x-scope-orgid': 'acme' } });
  });

  it('take one query a line', () => {
    const { loki } = load({ HEALER_LOKI_QUERIES: '{app="{service}"} |~ "a,b"\n\n{job="{service}"}\n' });
    expect(loki.queries).toEqual(['{app="{service}"} |~ "a,b"', '{job="{service}"}']);
  });

  it('keep every token out of what is shown, and among what is redacted', () => {
    const tokens = ['PROMETHEUS_TOKEN', 'LOKI_TOKEN', 'ARGOCD_TOKEN', 'ARGO_TOKEN', 'GRAFANA_TOKEN'];
    const settings = load(Object.fromEntries(tokens.map((name) => [name, `value-of-${name}`])));
    expect(JSON.stringify(maskSecrets(settings))).not.toContain('value-of');
    expect(secretValues(settings)).toEqual(expect.arrayContaining(tokens.map((name) => `value-of-${name}`)));
  });

  it.each([
    ['PROMETHEUS_URL', 'ftp://prometheus', 'prometheus.url (PROMETHEUS_URL): is not an address'],
    ['PROMETHEUS_URL', 'https://ada:secret@prometheus', 'has credentials in it'],
    ['GRAFANA_URL', 'https://grafana.acme.example/?orgId=1', 'has a query or a fragment'],
    ['GRAFANA_TOKEN', 'two words', 'is not a token'],
    ['HEALER_PROMETHEUS_QUERIES_CPU', 'up{service={service}}', '{service} has to stand inside double quotes'],
    ['HEALER_PROMETHEUS_QUERIES_ERROR_RATE', 'up{service="{svc}"}', 'there is no placeholder {svc}'],
    ['HEALER_LOKI_QUERIES', '{app=`{service}`}', '{service} has to stand inside double quotes'],
    ['HEALER_ARGO_WORKFLOWS_SELECTOR', 'repository in (a)', 'is not key=value'],
    ['HEALER_LOKI_TENANT', 'a\nb', 'is not the name of a tenant'],
  ])('are refused with the reason: %s=%s', (name, value, reason) => {
    expect(() => load({ [name]: value })).toThrow(reason);
  });

  it.each([
    ['http://grafana.acme.example', false],
    ['http://10.0.0.7:3000', false],
    ['https://grafana.acme.example', true],
    ['http://grafana', true],
    ['http://grafana.monitoring.svc:3000', true],
    ['http://grafana.monitoring.svc.cluster.local', true],
    ['http://svc.acme.example', false],
    ['http://127.0.0.1:3000', true],
    ['http://[::1]:3000', true],
  ])('send a token to %s: %s', (url, allowed) => {
    const settings = () => load({ GRAFANA_URL: url, GRAFANA_TOKEN: 'token' });
    if (allowed) expect(settings().grafana.url).toBe(url);
    else expect(settings).toThrow('grafana.url (GRAFANA_URL): would send the token unencrypted; use https');
  });
});
