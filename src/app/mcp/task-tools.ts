import { z } from 'zod';
import { taskFields } from '../../report/api/task-schemas.ts';
import { bodyOf } from './answers.ts';
import { STARTS, type Tool, type ToolContext, type ToolOutcome, tool } from './tool.ts';

const { by: _, ...fields } = taskFields;
const by = z.string().trim().min(1).max(100).default('an MCP client').describe('Who asks, for the record');

/** Rules between fields are the API's own, so that terminal and model hear the same. */
const input = z.strictObject({ ...fields, by });

const COMMON =
  'Needs task_id, service, repository_url, and github_app or github_user (who the agent works as, for example 5DLabs-Rex for Rust, 5DLabs-Blaze for frontend, 5DLabs-Bolt for infrastructure, 5DLabs-Cipher for security, 5DLabs-Atlas for everything else). Say what to do in prompt, or name the repository that documents the task (docs_repository_url or platform_repository_url). The answer echoes every effective input. The same submission twice is refused and names the existing run. To try a task again after a failed attempt, submit it with the same identity plus prompt_modification (what should be different) and, to keep what the agent learnt, continue_session.';

export const submitImplementationTask: Tool = tool({
  name: 'submit_implementation_task',
  title: 'Have an agent implement a task',
  description: `Starts one agent that implements a task in a repository, on a branch of its own, and opens a pull request for people to review. ${COMMON}`,
  input,
  annotations: STARTS,
  run: (given, context) => submit('implementation', given, context),
});

export const submitDocsTask: Tool = tool({
  name: 'submit_docs_task',
  title: 'Have an agent write documentation',
  description: `Starts one agent that writes or corrects documentation in a repository, on a branch of its own, and opens a pull request for people to review. ${COMMON}`,
  input,
  annotations: STARTS,
  run: (given, context) => submit('documentation', given, context),
});

async function submit(
  runType: 'implementation' | 'documentation',
  given: z.output<typeof input>,
  { api }: ToolContext,
): Promise<ToolOutcome> {
  const codeRun = bodyOf(await api.post('/api/coderuns', { run_type: runType, ...given }));
  const inputs = codeRun['inputs'] as { agent: string; branch: string; repository: string; context_version: number };
  return {
    said: `Accepted: ${codeRun['name']} is attempt ${inputs.context_version} of task ${codeRun['task_id']}. ${inputs.agent} works on ${inputs.branch} of ${inputs.repository}; nothing is done yet. It stands at ${codeRun['status_url']} ("healer task show ${codeRun['name']}").`,
    structured: codeRun,
  };
}
