import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const SENSORS_DIR = resolve(import.meta.dirname, '../../../sensors');

export interface Manifest {
  /** Relative to sensors/. */
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export interface DataFilter {
  readonly path: string;
  readonly type: string;
  readonly value: readonly string[];
  readonly comparator?: string;
}

export interface Parameter {
  readonly src: {
    readonly dependencyName: string;
    readonly dataKey?: string;
    readonly contextKey?: string;
    readonly useRawData?: boolean;
  };
  readonly dest: string;
  readonly operation?: string;
}

interface Backoff {
  readonly steps: number;
  readonly duration: string;
  readonly factor: string;
  readonly jitter: string;
}

export interface Sensor extends Manifest {
  readonly spec: {
    readonly eventBusName: string;
    readonly template: object;
    readonly dependencies: readonly [
      {
        readonly name: string;
        readonly eventSourceName: string;
        readonly eventName: string;
        readonly filters?: { readonly data: readonly DataFilter[] };
      },
    ];
    readonly triggers: readonly [Trigger];
  };
}

export interface Trigger {
  readonly template: {
    readonly name: string;
    readonly http: {
      readonly url: string;
      readonly method: string;
      readonly timeout: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly secureHeaders: readonly object[];
      readonly payload: readonly Parameter[];
    };
  };
  readonly policy: { readonly status: { readonly allow: readonly number[] } };
  readonly retryStrategy: Backoff;
  readonly atLeastOnce: boolean;
  readonly rateLimit: { readonly unit: string; readonly requestsPerUnit: number };
  readonly dlqTrigger: {
    readonly template: {
      readonly name: string;
      readonly k8s: {
        readonly operation: string;
        readonly source: { readonly resource: LetterTemplate };
        readonly parameters: readonly Parameter[];
      };
    };
    readonly retryStrategy: Backoff;
    readonly atLeastOnce: boolean;
  };
}

interface LetterTemplate {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
}

/** Every YAML file below sensors/, relative to it. */
export const FILES: readonly string[] = readdirSync(SENSORS_DIR, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .sort();

export const textOf = (file: string): string => readFileSync(join(SENSORS_DIR, file), 'utf8');

/** A kustomization; its resources relative to sensors/, folders and files alike. */
export function kustomization(folder: string): readonly string[] {
  const { resources } = parse(textOf(join(folder, 'kustomization.yaml'))) as { resources: string[] };
  return resources.map((name) => relative(SENSORS_DIR, resolve(SENSORS_DIR, folder, name)));
}

export const MANIFESTS: readonly Manifest[] = FILES.filter((file) => !file.endsWith('kustomization.yaml')).flatMap(
  (file) => parseAllDocuments(textOf(file)).map((document) => ({ ...(document.toJS() as Manifest), file })),
);

export const SENSORS = MANIFESTS.filter((one): one is Sensor => one.kind === 'Sensor');

/** The path of Healer that a sensor posts to. */
export const endpointOf = (sensor: Sensor): string => new URL(sensor.spec.triggers[0].template.http.url).pathname;
