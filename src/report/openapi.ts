import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

/**
 * Collects every documented route of `app` into one OpenAPI 3.1 document, `app.swagger()`. Has to be called before the
 * routes are registered, at the level whose routes it is to know.
 */
export async function collectOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    hideUntagged: true,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Healer',
        version,
        description:
          'Turns red CI runs, security alerts and platform alerts into bounded, explained, verified repairs.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'HEALER_API_TOKEN; HEALER_READ_TOKEN suffices for GET.',
          },
          signature: {
            type: 'apiKey',
            in: 'header',
            name: 'X-Hub-Signature-256',
            description: 'GitHub’s signature over the bytes of the body, made with GITHUB_WEBHOOK_SECRET.',
          },
        },
      },
    },
  });
}

export function openApiRoute(app: FastifyInstance): void {
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(JSON.stringify(app.swagger())),
  );
}
