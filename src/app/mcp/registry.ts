import { classifyLog, explainEvent, getInsights } from './explaining-tools.ts';
import { cancelRemediation, getRemediation, listRemediations, retryRemediation } from './remediation-tools.ts';
import { submitDocsTask, submitImplementationTask } from './task-tools.ts';
import type { Tool } from './tool.ts';

/** Every tool, in the order in which a reader understands them (CONTRACT section 7). */
export const TOOLS: readonly Tool[] = [
  submitImplementationTask,
  submitDocsTask,
  listRemediations,
  getRemediation,
  retryRemediation,
  cancelRemediation,
  classifyLog,
  explainEvent,
  getInsights,
];
