import { type Call, notFound, type Route, route } from '../http.ts';
import { jobsOf } from '../runs.ts';

/** Pages for people behind the addresses in `html_url`: enough to see what the stand-in knows, no more. */
export function pageRoutes(): Route[] {
  return [
    route('GET', '/{owner}/{repo}/pull/{number}', pullPage, 'none'),
    route('GET', '/{owner}/{repo}/actions/runs/{run_id}/job/{job_id}', jobPage, 'none'),
    route('GET', '/{owner}/{repo}/actions/runs/{run_id}', runPage, 'none'),
  ];
}

function pullPage(call: Call) {
  const { pulls, runs, comments } = call.world.store.state;
  const pull = pulls.find((candidate) => String(candidate.number) === call.params['number']);
  if (!pull) throw notFound();
  const checks = runs
    .filter((run) => run.headBranch === pull.headRef)
    .map(
      (run) =>
        `<li>${link(call, run.id, `${run.headSha.slice(0, 7)} ${run.workflowName}`)}: ${run.conclusion ?? run.status}</li>`,
    );
  const said = comments
    .filter((comment) => comment.issue === pull.number)
    .map((comment) => `<h3>${inHtml(comment.author)}</h3><pre>${inHtml(comment.body)}</pre>`);
  return page(`#${pull.number} ${pull.title}`, `<ul>${checks.join('')}</ul>${said.join('')}`);
}

function runPage(call: Call) {
  const run = call.world.store.state.runs.find((candidate) => String(candidate.id) === call.params['run_id']);
  if (!run) throw notFound();
  const jobs = jobsOf(call.world, run).map(
    (job) => `<li>${link(call, `${run.id}/job/${job.id}`, job.name)}: ${job.conclusion ?? job.status}</li>`,
  );
  return page(`${run.workflowName} of ${run.headBranch}, attempt ${run.attempt}`, `<ul>${jobs.join('')}</ul>`);
}

function jobPage(call: Call) {
  const job = call.world.store.state.jobs.find((candidate) => String(candidate.id) === call.params['job_id']);
  if (!job) throw notFound();
  return page(
    `${job.name}: ${job.conclusion ?? job.status}`,
    `<pre>${inHtml(call.world.store.readLog(job.id).toString())}</pre>`,
  );
}

function link(call: Call, target: string | number, text: string): string {
  return `<a href="${call.world.baseUrl}/${call.world.owner}/${call.world.name}/actions/runs/${target}">${inHtml(text)}</a>`;
}

function page(title: string, content: string) {
  const head = `<!doctype html><meta charset="utf-8"><title>${inHtml(title)}</title>`;
  const note = "<p>This is the demo's stand-in for GitHub, on this machine.</p>";
  const body = Buffer.from(`${head}<h1>${inHtml(title)}</h1>${note}${content}`);
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'" };
  return { status: 200, body, headers };
}

function inHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
