import { describe, expect, it } from 'vitest';
import { createOpenApiChecker } from '../support/openapi.ts';

const checker = createOpenApiChecker();
const comment = { method: 'POST', path: '/repos/acme/shop/issues/1/comments' };
const refused = { status: 404, body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest' } };

describe('the OpenAPI checker', () => {
  it('finds the operation behind an address, with a branch that is percent-encoded', () => {
    const operationOf = (path: string) => checker.operationOf({ method: 'GET', path });
    expect(operationOf('/repos/acme/shop/commits/feature%2Fdiscount/check-runs')).toBe('checks/list-for-ref');
    expect(operationOf('/repos/acme/shop/commits/feature%2Fdiscount')).toBe('repos/get-commit');
    expect(operationOf('/repos/acme/shop/contents/.github/healer.yaml')).toBe('repos/get-content');
    expect(operationOf('/repos/acme/shop/actions/runs/1/jobs?per_page=5')).toBe('actions/list-jobs-for-workflow-run');
  });

  it('finds nothing for addresses and methods that GitHub does not publish', () => {
    expect(checker.operationOf({ method: 'GET', path: '/repos/acme/shop/nonsense' })).toBeNull();
    expect(checker.check({ method: 'DELETE', path: '/user' }, refused)).toEqual([
      expect.stringContaining('publishes no such operation'),
    ]);
  });

  it('accepts a request and a refusal as GitHub describes them', () => {
    expect(checker.check({ ...comment, body: { body: 'hello' } }, refused)).toEqual([]);
  });

  it('names what is wrong with a request body', () => {
    expect(checker.check(comment, refused)).toEqual([expect.stringContaining('request body is missing')]);
    expect(checker.check({ ...comment, body: { body: 5 } }, refused)).toEqual([
      expect.stringContaining('/body must be string'),
    ]);
    expect(checker.check({ ...comment, body: { body: 'x', colour: 'red' } }, refused)).toEqual([
      expect.stringContaining('"colour" is not declared'),
    ]);
  });

  it('names what is wrong with parameters', () => {
    const list = (query: string) =>
      checker.check({ method: 'GET', path: `/repos/acme/shop/pulls${query}` }, { status: 200, body: [] });
    expect(list('?state=open&per_page=100')).toEqual([]);
    expect(list('?colour=red')).toEqual([expect.stringContaining('"colour" is not declared')]);
    expect(list('?state=ajar')).toEqual([expect.stringContaining('"state"')]);
    expect(list('?per_page=many')).toEqual([expect.stringContaining('"per_page"')]);
    expect(checker.check({ method: 'GET', path: '/repos/acme/shop/pulls/one' }, refused)).toEqual([
      expect.stringContaining('"pull_number"'),
    ]);
  });

  it('names what is wrong with an answer', () => {
    const reaction = (body: unknown, status = 201) =>
      checker.check(
        { method: 'POST', path: '/repos/acme/shop/issues/comments/1/reactions', body: { content: 'eyes' } },
        { status, body },
      );
    const good = { id: 1, node_id: 'x', user: null, content: 'eyes', created_at: '2025-03-04T10:00:00Z' };
    expect(reaction(good)).toEqual([]);
    expect(reaction({ ...good, content: 'ears' })).toEqual([expect.stringContaining('/content')]);
    expect(reaction({ ...good, created_at: 'yesterday' })).toEqual([expect.stringContaining('/created_at')]);
    const { node_id: _, ...without } = good;
    expect(reaction(without)).toEqual([expect.stringContaining("'node_id'")]);
    expect(reaction(good, 299)).toEqual([expect.stringContaining('299 is not declared')]);
  });

  it('knows which operations it was used on', () => {
    checker.check({ method: 'GET', path: '/rate_limit' }, refused);
    expect(checker.used).toContain('rate-limit/get');
  });

  it('checks webhooks and knows which exist', () => {
    expect(checker.checkWebhook('workflow_job', { action: 'completed' }).length).toBeGreaterThan(0);
    expect(checker.checkWebhook('workflow_job', { action: 'exploded' })).toEqual([
      expect.stringContaining('publishes no such event'),
    ]);
  });
});
