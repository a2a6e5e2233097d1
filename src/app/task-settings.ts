import { z } from 'zod';

/** What tasks of one's own can be given beyond what is in the repository. */
export const taskSettings = {
  toolsServerUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      env: 'TOOLS_SERVER_URL',
      description: 'MCP server behind which `remote_tools` of tasks are found; without it none can be asked for.',
    }),
};
