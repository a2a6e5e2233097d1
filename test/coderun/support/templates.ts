import { join } from 'node:path';
import { loadCodeRunTemplates } from '../../../src/coderun/templates.ts';

/** The production templates. */
export const TEMPLATES = await loadCodeRunTemplates(join(import.meta.dirname, '../../../prompts/coderun'));
