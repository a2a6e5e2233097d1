import { anchorGroup } from './anchors.ts';

/** Where a token may begin: not inside a word, but right behind an escape (`\\nghp_…` in JSON, `%3Dghp_…` in a URL). */
const START = '(?:(?<![A-Za-z0-9_])|(?<=\\\\[nrtfb])|(?<=%[0-9A-Fa-f]{2}))';

/**
 * Tokens that carry their issuer in their shape and that the library does not know, or knows in one length only. The
 * anchors are what `anchorGroup` takes; null when a shape has no fixed piece.
 */
const SHAPES: readonly (readonly [type: string, anchors: string | null, pattern: RegExp])[] = [
  [
    'github-token',
    'ghp_ gho_ ghu_ ghs_ ghr_ b_pat',
    /(?:gh[pousr]_[A-Za-z0-9_]{20,255}|github_pat_[A-Za-z0-9_]{22,255})/g,
  ],
  [
    'gitlab-token',
    'glpa gldt glrt glcb glpt glft glim glag gloa glso glff',
    /\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_.-]{20,300}/g,
  ],
  [
    'aws-access-key',
    'a3t akia asia abia acca aroa aida',
    /\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{16}\b/g,
  ],
  ['google-api-key', 'aiza', /\bAIza[A-Za-z0-9_-]{35}/g],
  ['google-oauth-token', 'ya29', /\bya29\.[A-Za-z0-9_-]{20,}/g],
  ['google-client-secret', 'gocs', /\bGOCSPX-[A-Za-z0-9_-]{20,}/g],
  ['azure-storage-key', 'tkey=', /(?<=AccountKey=)[A-Za-z0-9+/]{40,}={0,2}/g],
  ['azure-signature', 'sig=', /(?<=[?&]sig=)[A-Za-z0-9%+/=]{30,}/g],
  ['url-signature', 'ure=', /(?<=[?&](?:X-Amz-Signature|X-Goog-Signature|Signature)=)[A-Za-z0-9%+/=]{30,}/gi],
  // Base64 of a private key's first line, as in a kubeconfig or a Secret.
  [
    'private-key',
    'ls0t',
    /\bLS0tLS1CRUdJTi(?:BQUklWQVRF|BSU0Eg|BFQyBQ|BPUEVOU1NI|BEU0Eg|BFTkNSWVBURUQg)[A-Za-z0-9+/=]{20,}/g,
  ],
  ['azure-client-secret', '#q~', /\b[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}/g],
  ['anthropic-key', 'sk-a', /\bsk-ant-[A-Za-z0-9_-]{20,}/g],
  ['openai-key', 'sk-', /\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,}/g],
  ['stripe-key', 'k_li k_te whse', /\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/=]{24,}/g],
  ['slack-token', 'xox xapp', /\bxox[a-z]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{10,}/g],
  ['slack-webhook', 's.sl', /\bhooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/_-]{20,}/g],
  ['discord-webhook', 'webh', /\bdiscord(?:app)?\.com\/api\/(?:v\d+\/)?webhooks\/\d+\/[A-Za-z0-9_-]{20,}/g],
  ['discord-token', null, /\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}/g],
  ['telegram-token', '#:aa', /\b\d{8,10}:AA[A-Za-z0-9_-]{33}/g],
  ['npm-token', 'npm_', /\bnpm_[A-Za-z0-9]{30,}/g],
  ['pypi-token', 'ypi-', /\bpypi-[A-Za-z0-9_-]{50,}/g],
  ['rubygems-token', 'ems_', /\brubygems_[a-f0-9]{48}/g],
  ['crates-io-token', 'cio', /\bcio[A-Za-z0-9]{32}\b/g],
  ['docker-token', 'dckr', /\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}/g],
  ['digitalocean-token', '_v1_', /\bdo[opr]_v1_[a-f0-9]{64}/g],
  ['terraform-token', '.atl', /\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}/g],
  ['vault-token', 'hvs. hvb. hvr.', /\bhv[sbr]\.[A-Za-z0-9_-]{24,}/g],
  ['grafana-token', 'glc_ glsa', /\bgl(?:c|sa)_[A-Za-z0-9+/_=]{32,}/g],
  ['sentry-token', 'sntr', /\bsntry[su]_[A-Za-z0-9+/=_-]{40,}/g],
  ['atlassian-token', 'atat atbb atct', /\bAT(?:ATT|BB|CTT)3?[A-Za-z0-9_=-]{24,}/g],
  ['linear-token', 'lin_', /\blin_(?:api|oauth)_[A-Za-z0-9]{32,}/g],
  ['notion-token', 'ntn_', /\bntn_[A-Za-z0-9]{40,}/g],
  ['postman-key', 'pmak', /\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}/g],
  ['newrelic-key', 'nrak nrjs nrra', /\bNR(?:AK|JS|RA)-[A-Za-z0-9]{20,}/g],
  ['pulumi-token', 'pul-', /\bpul-[a-f0-9]{40}/g],
  ['doppler-token', 'dp.', /\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,}/g],
  ['buildkite-token', 'bkua bkct bkaj', /\bbk(?:ua|ct|aj)_[a-f0-9]{40}/g],
  ['circleci-token', 'ccip', /\bCCIP(?:AT|RJ)_[A-Za-z0-9]{16,}_[a-f0-9]{40}/g],
  ['supabase-token', 'sbp_ sbs_', /\bsb[ps]_[a-f0-9]{40}/g],
  ['planetscale-token', 'psca', /\bpscale_(?:pw|tkn|oauth)_[A-Za-z0-9_.-]{32,}/g],
  ['fly-token', 'fm1 fm2', /\bfm[12][ar]?_[A-Za-z0-9+/=,_-]{40,}/g],
  ['twilio-key', 'sk%%', /\bSK[a-f0-9]{32}\b/g],
  ['mailgun-key', 'key-', /\bkey-[a-f0-9]{32}\b/g],
  ['sendgrid-key', 'sg.', /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/g],
  ['argocd-token', 'cd.t', /(?<=\bargocd\.token=)[A-Za-z0-9._-]{20,}/g],
  ['age-key', 't-ke', /\bAGE-SECRET-KEY-1[A-Z0-9]{58}/g],
  ['huggingface-token', 'hf_', /\bhf_[A-Za-z0-9]{30,}/g],
  ['databricks-token', 'dapi', /\bdapi[a-f0-9]{32}/g],
  ['jwt', 'eyj', /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g],
];

/** A shape, and the group of anchors of which one stands in everything that it matches. */
export type TokenPattern = readonly [type: string, pattern: RegExp, anchors: number | null];

/** The shapes, with `\b` at the beginning widened to every place where a token may begin. */
export const TOKEN_PATTERNS: readonly TokenPattern[] = SHAPES.map(([type, anchors, { source, flags }]) => [
  type,
  new RegExp(source.replaceAll(/(?<=^|\|)\\b/g, START), flags),
  anchors === null ? null : anchorGroup(anchors),
]);
