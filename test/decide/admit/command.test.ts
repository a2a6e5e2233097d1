import { describe, expect, it } from 'vitest';
import { admitCommand, refusal, roleOf, unknownVerb, VERBS } from '../../../src/decide/admit/command.ts';
import { aCommand } from '../../support/builders.ts';
import { NOON } from '../../support/clock.ts';
import { policy } from './policy.ts';

describe('who may give a command', () => {
  it.each([
    [{ permission: 'admin', role_name: 'admin' }, 'admin'],
    [{ permission: 'write', role_name: 'maintain' }, 'maintain'],
    [{ permission: 'read', role_name: 'triage' }, 'triage'],
    [{ permission: 'write', role_name: 'release-captains' }, 'write'],
    [{ permission: 'write' }, 'write'],
    [{ permission: 'none', role_name: '' }, 'none'],
    [{ permission: 'superuser' }, 'none'],
  ])('GitHub’s %j is %s', (answer, role) => {
    expect(roleOf(answer)).toBe(role);
  });

  it.each(VERBS)('%s is refused to everybody below its need, and to nobody above', (verb) => {
    const least = verb === 'pause' || verb === 'resume' ? 'maintain' : 'write';
    const roles = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const;
    const allowed = roles.filter((role) => refusal(verb, role, 'acme/shop') === null);
    expect(allowed).toEqual(roles.slice(roles.indexOf(least)));
  });

  it('says in one line what is missing', () => {
    expect(refusal('fix', 'none', 'acme/shop')).toBe('That needs write access to acme/shop; you have no access.');
    expect(refusal('rm', 'read', 'acme/shop')).toContain('needs write access');
  });

  it.each([
    ['fxi', 'fix'],
    ['re-try', 'retry'],
    ['explian', 'explain'],
    ['aprove', 'approve'],
  ])('takes %s for a slip of %s', (typed, meant) => {
    expect(unknownVerb(typed)).toBe(`There is no such command. Did you mean \`/healer ${meant}\`?`);
  });

  it('does not guess what is nothing like a command', () => {
    expect(unknownVerb('deploy-everything')).toBe('There is no such command. See `/healer help`.');
  });
});

describe('what is written down', () => {
  const admit = (changes: Parameters<typeof aCommand>[0], more: object = {}) =>
    admitCommand(aCommand(changes), { ...policy, ...more }, NOON)?.reason.code ?? 'written down';

  it.each([
    ['a person’s command', {}, {}, 'written down'],
    ['an unknown one, which is answered', { verb: 'fxi' }, {}, 'written down'],
    ['a bot’s, which is not answered at all', { actor: { login: 'x[bot]', type: 'Bot' as const } }, {}, 'bot_author'],
    [
      'a listed bot’s',
      { actor: { login: 'X[bot]', type: 'Bot' as const } },
      { commandBots: ['x[bot]'] },
      'written down',
    ],
    ['one in a repository that is not listed', {}, { repositories: ['acme/till'] }, 'repository_not_allowed'],
  ])('%s', (_, changes, more, code) => {
    expect(admit(changes, more)).toBe(code);
  });
});
