import type { EventSource } from '../source.ts';
import { detectEvent, looksLikeGitHub } from './detect.ts';
import { EVENTS, normalise } from './normalise.ts';

/** GitHub's webhook events, from github.com and Enterprise servers. */
export const github: EventSource = {
  name: 'github',
  events: Object.keys(EVENTS),
  detect: detectEvent,
  recognises: looksLikeGitHub,
  normalise,
};
