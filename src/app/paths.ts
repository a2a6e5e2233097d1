import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of package.json: the parent of `src/` in a clone, of `dist/` in an image. */
export const ROOT = findRoot(import.meta.dirname);

function findRoot(dir: string): string {
  if (existsSync(join(dir, 'package.json'))) return dir;
  const parent = dirname(dir);
  if (parent === dir) throw new Error(`No package.json above ${import.meta.dirname}.`);
  return findRoot(parent);
}

export const VERSION = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
export const PROMPTS_DIR = join(ROOT, 'prompts');
export const RULES_DIR = join(ROOT, 'routing-rules');
