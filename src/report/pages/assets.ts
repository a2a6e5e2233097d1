import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { sha256 } from '../../lib/digest.ts';

const TYPES = {
  'healer.css': 'text/css; charset=utf-8',
  'healer.js': 'text/javascript; charset=utf-8',
  'theme.js': 'text/javascript; charset=utf-8',
  'healer.svg': 'image/svg+xml',
} as const;

type Name = keyof typeof TYPES;

export interface Assets {
  /** Where a page finds the file; changes with its content, so that it may be kept for ever. */
  url(name: Name): string;
}

/** Serves the pages' own files from memory. */
export function assetRoutes(app: FastifyInstance): Assets {
  const urls = new Map<Name, string>();
  for (const name of Object.keys(TYPES) as Name[]) {
    const content = readFileSync(new URL(`./assets/${name}`, import.meta.url));
    urls.set(name, `/assets/${name}?v=${sha256(content).slice(0, 12)}`);
    app.get(`/assets/${name}`, { schema: { hide: true } }, async (_request, reply) =>
      reply.type(TYPES[name]).header('cache-control', 'public, max-age=31536000, immutable').send(content),
    );
  }
  return { url: (name) => urls.get(name) ?? '' };
}
