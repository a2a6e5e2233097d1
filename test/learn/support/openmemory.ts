import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** What an OpenMemory server keeps of one memory. */
export interface Kept {
  readonly id: string;
  readonly content: string;
  readonly userId: string | null;
  readonly upsertKey: string | null;
}

export interface OpenMemoryStandIn {
  readonly url: string;
  readonly kept: Kept[];
  /** What it answers instead of working; null works. */
  trouble: { readonly status: number; readonly body: string } | 'hang' | null;
  close(): Promise<void>;
}

const addSchema = z.object({
  content: z.string().min(1),
  tags: z.array(z.string()).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  user_id: z.string().optional(),
  upsert_key: z.string().optional(),
});
const querySchema = z.object({
  query: z.string(),
  k: z.int().optional(),
  filters: z.object({ user_id: z.string().optional() }).optional(),
  user_id: z.string().optional(),
});

/**
 * A stand-in for an OpenMemory server with the routes, fields and refusals of CaviraOSS/OpenMemory's HTTP server; what is
 * alike it tells by words in common instead of by vectors, and it does not know upsert keys, as older servers do not.
 */
export async function startOpenMemory(key: string): Promise<OpenMemoryStandIn> {
  const standIn: { -readonly [K in keyof OpenMemoryStandIn]: OpenMemoryStandIn[K] } = {
    url: '',
    kept: [],
    trouble: null,
    close: async () => {},
  };
  const server = createServer(async (request, response) => {
    const send = (status: number, body: unknown): void => {
      response.statusCode = status;
      response.setHeader('content-type', 'application/json');
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    const { trouble } = standIn;
    if (trouble === 'hang') return;
    if (trouble !== null) return send(trouble.status, trouble.body);
    if (request.headers.authorization === undefined) return send(401, { error: 'authentication_required' });
    if (request.headers.authorization !== `Bearer ${key}`) return send(403, { error: 'invalid_api_key' });
    const body = JSON.parse(await textOf(request)) as unknown;
    if (request.url === '/memory/add') return send(200, add(standIn.kept, addSchema.parse(body)));
    if (request.url === '/memory/query') return send(200, query(standIn.kept, querySchema.parse(body)));
    send(404, { error: 'not found' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  standIn.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  standIn.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return standIn;
}

function add(kept: Kept[], body: z.output<typeof addSchema>) {
  const id = String(kept.length + 1);
  kept.push({ id, content: body.content, userId: body.user_id ?? null, upsertKey: body.upsert_key ?? null });
  return { id, primary_sector: 'episodic', sectors: ['episodic'] };
}

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);

function query(kept: readonly Kept[], { query: text, k = 8, filters, user_id: userId }: z.output<typeof querySchema>) {
  const asked = wordsOf(text);
  const user = filters?.user_id ?? userId ?? null;
  const matches = kept
    .filter((one) => user === null || one.userId === user)
    .map((one) => ({ one, score: [...wordsOf(one.content)].filter((word) => asked.has(word)).length }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, k)
    .map(({ one, score }) => ({
      id: one.id,
      content: one.content,
      score,
      sectors: ['episodic'],
      primary_sector: 'episodic',
      path: [one.id],
      salience: 0.5,
      last_seen_at: 0,
    }));
  return { query: text, matches };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
