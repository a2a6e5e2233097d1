import type { AdmissionPolicy } from '../../../src/decide/admit/policy.ts';

export const MINUTE = 60_000;

export const policy: AdmissionPolicy = {
  timeWindowMs: 10 * MINUTE,
  maxAttempts: 3,
  repositories: [],
  allowedBots: ['dependabot[bot]', 'renovate'],
  commandBots: [],
  agentLogins: ['5dlabs-rex[bot]'],
  reviewApps: ['stitch', '77'],
  platformRepository: null,
};
