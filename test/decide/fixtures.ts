import { resolve } from 'node:path';

export const RULES_DIR = resolve(import.meta.dirname, '../../routing-rules');
