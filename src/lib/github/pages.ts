/** The part of an Octokit answer that paging needs. */
interface Page<T> {
  readonly headers: { readonly link?: string };
  readonly data: T;
}

/**
 * Every entry of a paged list. Octokit's own paginator drops the abort signal on the way and knows no bound. `ask` gets
 * the page's number, from 1; `pick` takes the entries out of the answer. Stops at `maxPages`.
 */
export async function allPages<T, E>(
  ask: (page: number) => Promise<Page<T>>,
  pick: (data: T) => readonly E[],
  maxPages = 20,
): Promise<readonly E[]> {
  const entries: E[] = [];
  for (let page = 1; page <= maxPages; page++) {
    const response = await ask(page);
    entries.push(...pick(response.data));
    if (!/rel="next"/.test(response.headers.link ?? '')) break;
  }
  return entries;
}
