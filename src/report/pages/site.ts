import type { FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import type { ReportDeps } from '../api/deps.ts';
import type { Access } from './browser-access.ts';
import type { Part } from './html.ts';
import type { Notice, Section } from './layout.ts';
import type { Figures } from './measures.ts';

/** What a page says of itself to the frame around it. */
export interface PageHead {
  readonly title: string;
  readonly current: Section | null;
  /** Where it hears of news. */
  readonly events?: string;
  readonly notice?: Notice | null;
}

/** What every page is made with. */
export interface Site {
  readonly deps: ReportDeps;
  readonly access: Access;
  readonly figures: Figures;
  /** Options of routes that readers may ask for. */
  readonly reading: RouteShorthandOptions;
  send(request: FastifyRequest, reply: FastifyReply, head: PageHead, content: Part, status?: number): FastifyReply;
}

/** The stream of everything. */
export const ALL_EVENTS = '/api/events';

/** What a form sent, without the fields that were left empty. */
export function asked(query: unknown): Record<string, string> {
  const entries = Object.entries((query ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.flatMap(([name, value]) => {
      const text = String(Array.isArray(value) ? value.at(-1) : value).trim();
      return text === '' ? [] : [[name, text]];
    }),
  );
}
