import { describe, expect, it } from 'vitest';
import { DOORS } from '../../src/intake/doors.ts';
import { REASONS } from '../../src/model/reason.ts';
import { wrapped } from './support/bodies.ts';
import { EXAMPLES, type Example } from './support/examples.ts';
import { startService } from './support/service.ts';

const WAYS: Readonly<Record<string, (one: Example) => { body: unknown; headers: Record<string, string> }>> = {
  'named by the header': ({ body, event }) => ({ body, headers: { 'x-github-event': event } }),
  'told by its shape': ({ body }) => ({ body, headers: {} }),
  'wrapped by a sensor': ({ body, event }) => ({ body: wrapped(body, event), headers: {} }),
};
const GITHUB = DOORS.filter(({ source }) => source === 'github');

describe('each of GitHub’s example bodies', () => {
  it.each(GITHUB.flatMap(({ path }) => Object.entries(WAYS).map(([way, send]) => [path, way, send] as const)))(
    'at %s, %s, is answered with what became of it and why',
    async (path, _, send) => {
      const { post, accepted } = startService();
      for (const one of EXAMPLES) {
        const { body, headers } = send(one);
        const answer = await post(path, body, headers);
        expect([200, 202], one.label).toContain(answer.statusCode);
        const { code, detail } = answer.json().reason;
        expect(Object.keys(REASONS), one.label).toContain(code);
        expect(detail.length, one.label).toBeGreaterThan(10);
      }
      expect(accepted).toHaveLength(EXAMPLES.length);
      for (const { meta } of accepted) expect(meta.signals.length > 0).toBe(meta.ignored === null);
    },
  );

  it('at the other doors is a 400 that says what those take', async () => {
    for (const { path } of DOORS.filter(({ source }) => source !== 'github')) {
      const { post } = startService();
      for (const { body, label } of EXAMPLES) {
        const answer = await post(path, body);
        expect(answer.statusCode, label).toBe(400);
        expect(answer.json().errors.length, label).toBeGreaterThan(0);
      }
    }
  });
});
