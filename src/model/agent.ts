/** The name of a specialist; a folder under `prompts/agents/`. Not a closed union: an agent is data, not code. */
export type AgentName = string;

/** The agent who takes what nobody else owns. */
export const DEFAULT_AGENT: AgentName = 'atlas';

/** What `prompts/agents/<name>/agent.yaml` says. */
export interface Agent {
  readonly name: AgentName;
  /** The GitHub App the agent works as, for example `5DLabs-Rex`. */
  readonly githubApp: string;
  /** One line: what this agent is good at. */
  readonly specialty: string;
  /** The CLI that runs inside the CodeRun, for example `Factory`; null takes the setting `agent.cli`. */
  readonly cli: string | null;
  /** Null takes the setting `agent.model`. */
  readonly model: string | null;
  /** The first prompt's template, relative to `prompts/`, for example `ci/rust-fix.hbs`. */
  readonly template: string;
}
