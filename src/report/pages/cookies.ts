import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * The two cookies of the pages. Both are for this service alone: not readable by scripts, not sent along from other
 * sites, and where the service is reached by https never sent without it (`__Host-`: no other host may have set it).
 */
export type CookieName = 'healer_session' | 'healer_form';

/** The value a browser sent; a cookie that was set by https counts first. */
export function readCookie(request: FastifyRequest, name: CookieName): string | null {
  const header = request.headers.cookie ?? '';
  const values = new Map(
    header.split(';').map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
    }),
  );
  return values.get(`__Host-${name}`) ?? values.get(name) ?? null;
}

/** `maxAgeMs` null keeps it until the browser ends, 0 takes it away. */
export function setCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  cookie: { readonly name: CookieName; readonly value: string; readonly maxAgeMs: number | null },
): void {
  const isSecure = reachedByHttps(request);
  const parts = [
    `${isSecure ? '__Host-' : ''}${cookie.name}=${cookie.value}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    ...(isSecure ? ['Secure'] : []),
    ...(cookie.maxAgeMs === null ? [] : [`Max-Age=${Math.floor(cookie.maxAgeMs / 1_000)}`]),
  ];
  const before = reply.getHeader('set-cookie');
  const others = before === undefined ? [] : [before].flat().map(String);
  reply.header('set-cookie', [...others, parts.join('; ')]);
}

/** Here, or at the proxy in front; whoever lies about it only loses a cookie of their own. */
function reachedByHttps(request: FastifyRequest): boolean {
  const forwarded = request.headers['x-forwarded-proto'];
  const first = [forwarded].flat()[0]?.split(',')[0]?.trim().toLowerCase();
  return request.protocol === 'https' || first === 'https';
}
