import type { FastifyInstance, preHandlerAsyncHookHandler } from 'fastify';

/**
 * A browser cannot be told to send a bearer token, but it asks for a password: the token in its place (Basic, any
 * name) means the same. Only for reading; what changes things takes the bearer token alone, which no other site can
 * make a browser send.
 */
export function acceptPasswordAsToken(app: FastifyInstance): preHandlerAsyncHookHandler {
  app.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode === 401) reply.header('www-authenticate', 'Basic realm="Healer", charset="UTF-8"');
  });
  return async (request) => {
    const token = passwordOf(request.headers.authorization);
    if (token !== null) request.headers.authorization = `Bearer ${token}`;
  };
}

function passwordOf(header: string | undefined): string | null {
  const match = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '');
  if (match === null) return null;
  const [, ...password] = Buffer.from(match[1] ?? '', 'base64')
    .toString('utf8')
    .split(':');
  return password.length === 0 ? null : password.join(':');
}

/** Nothing on these pages comes from, or goes to, another place; nothing runs that is not a file of ours. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function protectPages(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
}
