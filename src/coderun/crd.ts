import { stringify } from 'yaml';
import { type StructuralSchema, specStructure, statusStructure } from './crd-schema.ts';
import { LABELS } from './draft.ts';
import { API_VERSION, KIND } from './schema.ts';

export const GROUP = API_VERSION.split('/')[0] ?? '';
export const PLURAL = 'coderuns';

const COLUMNS = [
  { name: 'Type', type: 'string', jsonPath: '.spec.runType' },
  { name: 'Agent', type: 'string', jsonPath: `.metadata.labels['${LABELS.agent}']` },
  { name: 'Service', type: 'string', jsonPath: '.spec.service' },
  { name: 'Type of failure', type: 'string', jsonPath: `.metadata.labels['${LABELS.failureType}']` },
  { name: 'Attempt', type: 'integer', jsonPath: '.spec.contextVersion' },
  { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
] as const;

/** The CustomResourceDefinition of CodeRuns (CONTRACT section 5), made from the one schema. */
export function codeRunDefinition(): StructuralSchema {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}`, labels: { 'app.kubernetes.io/name': 'healer' } },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind: KIND, listKind: `${KIND}List`, plural: PLURAL, singular: 'coderun', shortNames: ['cr'] },
      versions: [
        {
          name: API_VERSION.split('/')[1],
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: COLUMNS,
          selectableFields: [
            { jsonPath: '.spec.runType' },
            { jsonPath: '.spec.service' },
            { jsonPath: '.spec.githubApp' },
            { jsonPath: '.status.phase' },
          ],
          schema: {
            openAPIV3Schema: {
              description: 'One agent run: an agent works on one branch of one repository, in a Job of its own.',
              type: 'object',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: specStructure(),
                status: statusStructure(),
              },
            },
          },
        },
      ],
    },
  };
}

/** The same as `kubectl apply -f` takes it; also the chart's copy, byte for byte. */
export function codeRunDefinitionYaml(): string {
  return `# Made by \`healer crd\`; changes belong in src/coderun/schema.ts.\n${stringify(codeRunDefinition(), { lineWidth: 110, aliasDuplicateObjects: false })}`;
}
