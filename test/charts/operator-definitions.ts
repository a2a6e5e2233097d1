/**
 * The Prometheus Operator's definitions, cut down to the fields that the chart writes: structural, so that the API server
 * refuses anything else under strict validation. Types and required fields are the operator's own (v1).
 */
export function operatorDefinitions(): object {
  const text = { type: 'string' };
  const texts = { type: 'object', additionalProperties: text };
  const duration = {
    type: 'string',
    pattern: '^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$',
  };
  const monitor = {
    type: 'object',
    required: ['endpoints', 'selector'],
    properties: {
      selector: { type: 'object', properties: { matchLabels: texts } },
      endpoints: {
        type: 'array',
        items: { type: 'object', properties: { port: text, path: text, interval: duration } },
      },
    },
  };
  const rule = {
    type: 'object',
    required: ['expr'],
    properties: {
      alert: text,
      record: text,
      expr: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, text] },
      for: { ...duration, minLength: 1 },
      keep_firing_for: { ...duration, minLength: 1 },
      labels: texts,
      annotations: texts,
    },
  };
  const group = {
    type: 'object',
    required: ['name'],
    properties: {
      name: { ...text, minLength: 1 },
      interval: { ...duration, minLength: 1 },
      rules: { type: 'array', items: rule },
    },
  };
  const rules = {
    type: 'object',
    properties: {
      groups: { type: 'array', items: group, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
    },
  };
  const items = [definition('ServiceMonitor', monitor), definition('PrometheusRule', rules)];
  return { apiVersion: 'v1', kind: 'List', items };
}

function definition(kind: string, spec: object): object {
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.monitoring.coreos.com` },
    spec: {
      group: 'monitoring.coreos.com',
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec,
              },
            },
          },
        },
      ],
    },
  };
}
