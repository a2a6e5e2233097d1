import { createLog } from '../../../src/app/log.ts';
import { type Service, startService } from '../../../src/app/service.ts';
import { settingsSchema } from '../../../src/app/settings.ts';
import { openStore } from '../../../src/store/open.ts';
import { temporaryFolder } from '../../support/service.ts';
import { type Gallery, writeGallery } from './gallery.ts';

export const WRITE_TOKEN = 'a-token-that-may-act-0123456789';
export const READ_TOKEN = 'a-token-that-may-read-0123456789';

export interface ShownService {
  readonly service: Service;
  readonly gallery: Gallery;
  readonly url: string;
  stop(): Promise<void>;
}

/** A real service over two weeks of a busy team; with tokens, or open to this machine. */
export async function showGallery(options: { readonly tokens: boolean }): Promise<ShownService> {
  const folder = temporaryFolder();
  const store = await openStore({ kind: 'sqlite', dir: folder.path });
  const gallery = await writeGallery(store, Date.now());
  await store.close();
  const service = await startService({
    settings: settingsSchema.parse({
      host: '127.0.0.1',
      port: 0,
      dataDir: folder.path,
      // Nobody listens there: a retry that is asked for gets no further than its evidence.
      github: { apiUrl: 'http://127.0.0.1:9' },
      limits: { attemptsPerDay: 60, costUsdPerDay: 25 },
      ...(options.tokens ? { apiToken: [WRITE_TOKEN], readToken: [READ_TOKEN] } : {}),
    }),
    log: createLog('silent'),
    env: process.env,
  });
  return {
    service,
    gallery,
    url: service.url,
    stop: async () => {
      await service.stop();
      folder.remove();
    },
  };
}
