import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import type { Asked } from './systems.ts';

interface Document {
  /** GET operations with the names of their parameters. */
  readonly paths: Readonly<Record<string, readonly string[]>>;
  readonly definitions: Readonly<Record<string, object>>;
}

/** What a system's makers say of its API; where it comes from stands beside the fixtures. */
export interface Published {
  /** Why a body is not what they publish, null when it is. Properties that they do not publish are wrong. */
  problem(definition: string, body: unknown): string | null;
  /** What of a request they do not publish, besides the parameters that `except` names. */
  unknownIn(asked: Asked, below: string, except?: readonly string[]): readonly string[];
}

export function published(file: string): Published {
  const path = join(import.meta.dirname, '../fixtures', file);
  const document = JSON.parse(readFileSync(path, 'utf8')) as Document;
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: file, definitions: document.definitions });
  return {
    problem(definition, body) {
      const validate = ajv.getSchema(`${file}#/definitions/${definition}`);
      if (validate === undefined) throw new Error(`${file} has no ${definition}`);
      return validate(body) ? null : ajv.errorsText(validate.errors);
    },
    unknownIn({ path: asked, query }, below, except = []) {
      const own = asked.slice(below.length);
      const names = Object.entries(document.paths).find(([template]) => {
        return new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(own);
      })?.[1];
      if (names === undefined || !asked.startsWith(below)) return [asked];
      return [...query.keys()].filter((name) => !names.includes(name) && !except.includes(name));
    },
  };
}
