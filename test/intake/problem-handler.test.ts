import fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { PROBLEMS, Problem, problemDocument } from '../../src/intake/problem.ts';
import { useProblems } from '../../src/intake/problem-handler.ts';
import { serverOptions } from '../../src/intake/server-options.ts';
import { ProblemError } from '../../src/lib/problem.ts';

function application(): FastifyInstance {
  const app = fastify(serverOptions());
  useProblems(app);
  app.get('/api/remediations/:id', async () => ({}));
  app.post(
    '/api/remediations/:id/retry',
    { schema: { body: { type: 'object', required: ['mode'] } } },
    async () => ({}),
  );
  app.get('/assets/*', async () => ({}));
  app.get('/fails', async () => {
    throw new Error('the password is hunter2');
  });
  app.get('/teapot', async () => {
    throw Object.assign(new Error('short and stout'), { statusCode: 418 });
  });
  app.get('/limited', async () => {
    throw Object.assign(new Error('Ask again in a minute.'), { statusCode: 429 });
  });
  app.get('/busy', async () => {
    throw new ProblemError(503, 'Come back later.', { retryAfter: 9, errors: [{ path: 'x', message: 'is busy' }] });
  });
  app.get('/conflict', async () => {
    throw new Problem('conflict', 'It exists.', { headers: { location: '/there' } });
  });
  return app;
}

const problemOf = async (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: string) => {
  const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await application().inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer.json().status).toBe(answer.statusCode);
  return { answer, document: answer.json() };
};

describe('a problem document', () => {
  it('has type, title, status and detail', () => {
    expect(problemDocument('not-found', 'No such path.')).toEqual({
      type: 'urn:healer:problem:not-found',
      title: 'Nothing is here',
      status: 404,
      detail: 'No such path.',
    });
  });

  it('has a title of its own for every kind', () => {
    const titles = Object.values(PROBLEMS).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});

describe('the whole application', () => {
  it('answers an unknown path with 404', async () => {
    expect((await problemOf('GET', '/nowhere?x=/api')).document).toMatchObject({ status: 404 });
  });

  it.each([
    ['DELETE', '/api/remediations/01X', 'GET, HEAD'],
    ['GET', '/api/remediations/01X/retry?x=1', 'POST'],
    ['POST', '/assets/a/b.css', 'GET, HEAD'],
  ] as const)('answers %s %s with 405 and what is allowed', async (method, url, allow) => {
    const { answer } = await problemOf(method, url);
    expect(answer.statusCode).toBe(405);
    expect(answer.headers['allow']).toBe(allow);
  });

  it('keeps what went wrong inside to itself', async () => {
    const { answer } = await problemOf('GET', '/fails');
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('hunter2');
  });

  it.each([
    ['/teapot', 400, 'short and stout'],
    ['/limited', 429, 'Ask again in a minute.'],
    ['/conflict', 409, 'It exists.'],
    ['/%', 400, /./],
  ])('turns what %s throws into a %i', async (url, status, detail) => {
    const { document } = await problemOf('GET', url);
    expect(document.status).toBe(status);
    expect(document.detail).toMatch(detail);
  });

  it('sends the headers of a problem', async () => {
    expect((await problemOf('GET', '/conflict')).answer.headers['location']).toBe('/there');
  });

  it('takes over what routes of other rooms throw for their readers', async () => {
    const { answer, document } = await problemOf('GET', '/busy');
    expect(document).toMatchObject({
      status: 503,
      detail: 'Come back later.',
      errors: [{ path: 'x', message: 'is busy' }],
    });
    expect(answer.headers['retry-after']).toBe('9');
  });

  it('names the fields that a route’s own schema refuses', async () => {
    const { document } = await problemOf('POST', '/api/remediations/01X/retry', '{}');
    expect(document).toMatchObject({
      status: 400,
      errors: [{ path: '', message: "must have required property 'mode'" }],
    });
  });

  it('refuses what is not JSON on its other routes as well', async () => {
    expect((await problemOf('POST', '/api/remediations/01X/retry', '{')).document).toMatchObject({
      status: 400,
      type: 'urn:healer:problem:not-json',
    });
  });
});
