import { digestOf } from '../../../lib/digest.ts';
import type { OwnerReference } from '../../../lib/kubernetes/objects.ts';
import { labelValue } from '../../../safety/names.ts';
import { LABELS } from '../../draft.ts';
import { objectName } from '../../names.ts';
import { API_VERSION, type CodeRun, KIND } from '../../schema.ts';

/** On everything that belongs to a CodeRun: its uid, so that nobody else's things are ever touched (R9). */
export const UID_LABEL = 'healer/coderun-uid';
export const NAME_LABEL = 'healer/coderun';
/** The CodeRun's exact name, which may be longer than a label's value. */
export const NAME_ANNOTATION = 'healer/coderun';
/** The name of the file set that a ConfigMap is part of, or that a Job reads. */
export const FILE_SET_ANNOTATION = 'healer/file-set';
/** The attempt that is to be cancelled, or `true` for the present one. */
export const CANCEL_ANNOTATION = 'healer/cancel';
/** On a Job: why it was ended by us. */
export const STOP_ANNOTATION = 'healer/stopped';
/** On a Secret: when its token stops working (RFC 3339). */
export const EXPIRY_ANNOTATION = 'healer/token-expires-at';
/** On a workspace: the CodeRun that uses it, `<name>/<uid>`. */
export const HOLDER_ANNOTATION = 'healer/held-by';
/** Keeps a CodeRun from disappearing before its end was seen to and told. */
export const RUN_FINALIZER = 'healer.platform/coderun';
/** Keeps a Job in sight until its CodeRun says how it ended. */
export const JOB_FINALIZER = 'healer.platform/job';
/** Healer keeps its hands off (CONTRACT section 5). */
export const EXCLUDE_LABEL = 'healer.platform/exclude';

/** Selects what Healer made for CodeRuns, and nothing else. */
export const OWN_SELECTOR = `app.kubernetes.io/managed-by=healer,${UID_LABEL}`;

export function isExcluded(labels: Readonly<Record<string, string>> | undefined): boolean {
  return labels?.[EXCLUDE_LABEL] === 'true';
}

/** The same for the same attempt, whoever asks and whenever: the name is the lock (R1). */
export function jobName(codeRun: Pick<CodeRun, 'name' | 'uid' | 'spec'>): string {
  const hex = digestOf({ uid: codeRun.uid, contextVersion: codeRun.spec.contextVersion }).slice(0, 8);
  return `${objectName(codeRun.name, 63 - hex.length - 1)}-${hex}`;
}

export function secretName(codeRun: Pick<CodeRun, 'name'>): string {
  return objectName(`${codeRun.name}-credentials`, 253);
}

/** Who the agent is; what people write by hand may not say it. */
export function agentOf(codeRun: Pick<CodeRun, 'labels' | 'annotations' | 'spec'>): string {
  const { githubApp, githubUser } = codeRun.spec;
  const named = codeRun.annotations[LABELS.agent] ?? codeRun.labels[LABELS.agent];
  return named ?? githubApp?.split('-').at(-1)?.toLowerCase() ?? githubUser ?? 'agent';
}

/** `workspace-<service>-<agent>` (CONTRACT section 5). */
export function workspaceName(codeRun: Pick<CodeRun, 'labels' | 'annotations' | 'spec'>): string {
  return objectName(`workspace-${codeRun.spec.service}-${agentOf(codeRun)}`);
}

/** A workspace for one CodeRun alone, while the one for service and agent is in use. */
export function ownWorkspaceName(codeRun: Pick<CodeRun, 'labels' | 'annotations' | 'spec' | 'uid'>): string {
  const hex = digestOf({ uid: codeRun.uid }).slice(0, 8);
  return `${objectName(workspaceName(codeRun), 63 - hex.length - 1)}-${hex}`;
}

/** The labels of everything that is made for a CodeRun: its own `healer/` labels, and whose it is. */
export function childLabels(codeRun: CodeRun): Record<string, string> {
  const own = Object.entries(codeRun.labels).filter(([key]) => key.startsWith('healer/'));
  return {
    ...Object.fromEntries(own),
    'app.kubernetes.io/name': 'healer',
    'app.kubernetes.io/component': 'agent',
    'app.kubernetes.io/managed-by': 'healer',
    [LABELS.agent]: labelValue(agentOf(codeRun)),
    [LABELS.attempt]: String(codeRun.spec.contextVersion),
    [NAME_LABEL]: labelValue(codeRun.name),
    [UID_LABEL]: codeRun.uid,
  };
}

export function ownerOf(codeRun: Pick<CodeRun, 'name' | 'uid'>): OwnerReference {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    name: codeRun.name,
    uid: codeRun.uid,
    controller: true,
    blockOwnerDeletion: false,
  };
}
