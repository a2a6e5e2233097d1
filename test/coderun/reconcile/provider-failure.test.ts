import { describe, expect, it } from 'vitest';
import { providerFailure } from '../../../src/coderun/reconcile/provider-failure.ts';

describe('telling a provider’s failure from the agent’s', () => {
  it.each([
    'API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
    'API Error (500 {"type":"error"}) · Retrying in 8 seconds…',
    'stream error: exceeded retry limit, last status: 429 Too Many Requests',
    'ERROR: unexpected status 503 Service Unavailable',
    'Credit balance is too low',
    'You exceeded your current quota, please check your plan',
    'Claude usage limit reached',
    'Invalid API key · Please run /login',
    'openai.AuthenticationError: Incorrect API key provided',
    '\u001b[31mError:\u001b[0m rate_limit_error',
  ])('knows %s', (line) => {
    expect(providerFailure(`working\n${line}\n`)).not.toBeNull();
  });

  it.each([
    'error[E0308]: mismatched types',
    'test rate_limiter::returns_429 ... FAILED',
    'assertion failed: status was 500',
    'npm error code E403',
    'I could not find the API.',
    '',
  ])('leaves to the agent: %s', (line) => {
    expect(providerFailure(line)).toBeNull();
  });

  it('looks only at the end, and not at the script’s own lines', () => {
    const long = Array.from({ length: 20 }, (_, index) => `line ${index}`).join('\n');
    expect(providerFailure(`overloaded_error\n${long}`)).toBeNull();
    expect(providerFailure('healer: overloaded_error')).toBeNull();
  });
});
