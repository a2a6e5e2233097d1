import { describe, expect, it } from 'vitest';
import { argoEvents } from '../../../../src/intake/sources/argo-events/index.ts';
import { workflowJob, wrapped } from '../../support/bodies.ts';

const GUID = '72d3162e-cc78-11e3-81ab-4c9367dc0958';

describe('what a sensor sends', () => {
  it('is opened into body, event type and delivery id', () => {
    expect(argoEvents.unwrap(wrapped(workflowJob(), 'workflow_job'))).toEqual({
      body: workflowJob(),
      event: 'workflow_job',
      externalId: GUID,
      errors: [],
    });
  });

  it('may hold the body as JSON text', () => {
    expect(argoEvents.unwrap(wrapped(JSON.stringify({ a: 1 }), 'push'))).toMatchObject({ body: { a: 1 }, errors: [] });
  });

  it.each([
    ['lists', { 'X-GitHub-Event': ['push'], 'X-GitHub-Delivery': [GUID] }],
    ['strings', { 'X-GitHub-Event': 'push', 'X-GitHub-Delivery': ` ${GUID} ` }],
    ['lower case', { 'x-github-event': ['push'], 'x-github-delivery': GUID }],
    ['capitals', { 'X-GITHUB-EVENT': 'push', 'X-GITHUB-DELIVERY': GUID }],
  ])('may name headers as %s', (_, headers) => {
    expect(argoEvents.unwrap({ body: {}, headers })).toMatchObject({ event: 'push', externalId: GUID });
  });

  it.each([
    ['no headers', { body: { a: 1 } }],
    ['headers of another kind', { body: {}, headers: 'X-GitHub-Event: push' }],
    ['empty lists', { body: {}, headers: { 'X-GitHub-Event': [], 'X-GitHub-Delivery': [] } }],
    ['nested lists', { body: {}, headers: { 'X-GitHub-Event': [['push']] } }],
    [
      'values that cannot be names',
      { body: {}, headers: { 'X-GitHub-Event': 'a b', 'X-GitHub-Delivery': '<script>' } },
    ],
  ])('with %s names neither', (_, outer) => {
    expect(argoEvents.unwrap(outer)).toMatchObject({ event: null, externalId: null, errors: [] });
  });

  it.each([
    ['a number', 5, 'must be an object or its JSON text'],
    ['a list', [], 'must be an object or its JSON text'],
    ['nothing', null, 'must be an object or its JSON text'],
    ['text that is not JSON', 'hello', 'is not JSON'],
    ['text that nests too deep', '['.repeat(300), 'nests deeper than 200 levels'],
  ])('with %s as body is refused', (_, body, message) => {
    expect(argoEvents.unwrap({ body, headers: {} })?.errors).toEqual([{ path: 'body', message }]);
  });
});

describe('a bare body', () => {
  it.each([[{}], [workflowJob()], [{ body: 'a comment’s text', title: 'x' }]])(
    'is not taken for a wrapped one',
    (body) => {
      expect(argoEvents.unwrap(body)).toBeNull();
    },
  );
});
