import { createLog } from '../../src/app/log.ts';
import { type Service, startService } from '../../src/app/service.ts';
import { settingsSchema } from '../../src/app/settings.ts';

/** For `healer server` as a process: it decides, and starts nothing. */
export const pausedEnvironment = (dataDir: string): Record<string, string> => ({
  HEALER_DATA_DIR: dataDir,
  HEALER_MODE: 'paused',
  GITHUB_API_URL: 'http://127.0.0.1:9',
  HEALER_LIMITS_SETTLE_SECONDS: '3600',
});

/** The whole service in this process, which decides and starts nothing; `settings` go over that. */
export async function startPaused(settings: Record<string, unknown>): Promise<Service> {
  return startService({
    settings: settingsSchema.parse({
      host: '127.0.0.1',
      port: 0,
      mode: 'paused',
      github: { apiUrl: 'http://127.0.0.1:9' },
      ...settings,
      limits: { settleSeconds: 3_600, ...(settings['limits'] as object) },
    }),
    log: createLog('silent'),
    env: {},
  });
}
