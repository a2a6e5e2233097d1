import * as z from 'zod';
import {
  app,
  id,
  line,
  maybe,
  maybeLine,
  maybeRef,
  maybeText,
  maybeUrl,
  maybeWord,
  name,
  pullRequests,
  sha,
} from './schema.ts';

export const checkRunShape = z.object({
  id,
  name: line,
  head_sha: sha,
  status: maybeWord,
  conclusion: maybeWord,
  details_url: maybeUrl,
  html_url: maybeUrl,
  app,
  check_suite: z.object({ head_branch: maybeRef }).nullish(),
  pull_requests: pullRequests,
  external_id: maybeLine,
  output: maybe(z.object({ title: maybeLine, summary: maybeText })),
});

export type CheckRun = z.infer<typeof checkRunShape>;

/** A button that a check's maker offers on it; `identifier` is the maker's word for it (at most 20 characters). */
export const button = z.object({ identifier: name });
export type Button = z.infer<typeof button>;
