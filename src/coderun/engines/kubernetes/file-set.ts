import { PermanentError } from '../../../lib/errors.ts';
import type { NewObject } from '../../../lib/kubernetes/objects.ts';
import { type FileSet, fileSetDigest, fileSetName } from '../../files.ts';
import { objectName } from '../../names.ts';
import type { CodeRun } from '../../schema.ts';
import type { PiecedFile } from './launch.ts';
import { childLabels, FILE_SET_ANNOTATION, NAME_ANNOTATION, ownerOf } from './names.ts';

/*
 * A file set is one ConfigMap whose keys are the files, as long as it fits. A ConfigMap holds 1 MiB; a CodeRun may carry
 * more (its own limit is etcd's 1.5 MiB, and the prompt is only one of its texts). Then every file is cut into pieces
 * between characters, the pieces are spread over several ConfigMaps, and the container puts them together with `cat` in a
 * folder of its own before anything else runs.
 */

/** Bytes of one ConfigMap that are used; the API server refuses more than 1,048,576, keys included. */
const MAP_BYTES = 900_000;
/** More than this is no file set any more but a mistake; no object of etcd can have brought it. */
const MAX_BYTES = 4 * MAP_BYTES;
const DIGEST_ANNOTATION = 'healer/file-set-digest';

/** A file set as a Job names it. */
export interface FileSetNames {
  readonly name: string;
  readonly maps: readonly { readonly name: string }[];
  /** Empty when the files are keys of the one map. */
  readonly pieced: readonly PiecedFile[];
}

export interface FileSetPlan extends FileSetNames {
  readonly digest: string;
  /** The first one has the set's own name and is to be written last: once it is there, the set is complete. */
  readonly maps: readonly { readonly name: string; readonly data: Readonly<Record<string, string>> }[];
}

/** Without the texts, which may be large. */
export function namesOf({ name, maps, pieced }: FileSetPlan): FileSetNames {
  return { name, maps: maps.map((map) => ({ name: map.name })), pieced };
}

/** How a file set becomes ConfigMaps. Pure. PermanentError when it is too large for any number of them. */
export function planFileSet(codeRun: Pick<CodeRun, 'name'>, files: FileSet): FileSetPlan {
  const digest = fileSetDigest(files);
  const name = fileSetName(codeRun.name, digest);
  const total = Object.entries(files).reduce((sum, [key, text]) => sum + key.length + Buffer.byteLength(text), 0);
  if (total <= MAP_BYTES) return { name, digest, maps: [{ name, data: files }], pieced: [] };
  if (total > MAX_BYTES) {
    throw new PermanentError(
      `The files of ${codeRun.name} have ${total} bytes; no more than ${MAX_BYTES} can be handed to a Pod. Shorten the prompt.`,
    );
  }
  return { name, digest, ...spread(name, files) };
}

function spread(name: string, files: FileSet): Pick<FileSetPlan, 'maps' | 'pieced'> {
  const maps: Record<string, string>[] = [{}];
  let room = MAP_BYTES;
  const pieced = Object.entries(files).map(([file, text]) => {
    const pieces: string[] = [];
    let rest = text;
    do {
      if (room < 1024) {
        maps.push({});
        room = MAP_BYTES;
      }
      const piece = firstBytes(rest, room - file.length - 8);
      const key = `${file}.${String(pieces.length).padStart(3, '0')}`;
      (maps.at(-1) ?? {})[key] = piece;
      pieces.push(key);
      room -= Buffer.byteLength(piece) + key.length;
      rest = rest.slice(piece.length);
    } while (rest !== '');
    return { name: file, pieces };
  });
  return {
    maps: maps.map((data, index) => ({ name: index === 0 ? name : objectName(`${name}-${index}`, 253), data })),
    pieced,
  };
}

/** The longest beginning of a text that has at most `max` bytes and does not cut a character. */
function firstBytes(text: string, max: number): string {
  if (Buffer.byteLength(text) <= max) return text;
  const bytes = Buffer.from(text);
  let end = max;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString('utf8');
}

/** The ConfigMaps of a plan; immutable, so that nothing can change under a running Job (R8). */
export function configMaps(codeRun: CodeRun, plan: FileSetPlan, namespace: string): readonly NewObject[] {
  return plan.maps.map(({ name, data }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace,
      labels: childLabels(codeRun),
      annotations: {
        [NAME_ANNOTATION]: codeRun.name,
        [FILE_SET_ANNOTATION]: plan.name,
        [DIGEST_ANNOTATION]: plan.digest,
      },
      ownerReferences: [ownerOf(codeRun)],
    },
    immutable: true,
    data,
  }));
}

/** Whether a ConfigMap that has the name is the one that was meant. */
export function isSameFileSet(annotations: Readonly<Record<string, string>> | undefined, plan: FileSetPlan): boolean {
  return annotations?.[DIGEST_ANNOTATION] === plan.digest;
}
