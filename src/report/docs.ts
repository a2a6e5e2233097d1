import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/**
 * What the reader of the API description needs: its own files and nothing else. Its styles are made while it runs, so that
 * they cannot be told apart from others; its scripts are files, and they may talk to this service only.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `/docs`: the API description to read and try out, from this service itself. Needs `collectOpenApi` before it. */
export async function docsRoutes(app: FastifyInstance): Promise<void> {
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ 'content-security-policy': POLICY, 'referrer-policy': 'same-origin', 'x-frame-options': 'DENY' });
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    logLevel: 'silent',
    uiConfig: {
      url: '/openapi.json',
      docExpansion: 'list',
      deepLinking: true,
      defaultModelsExpandDepth: 0,
      // The service of another company would be asked otherwise.
      validatorUrl: null,
      persistAuthorization: false,
    },
    theme: { title: 'Healer: API' },
  });
}
