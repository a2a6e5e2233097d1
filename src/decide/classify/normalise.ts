/**
 * What stays the same when the same thing breaks again: the words, the symbols and the file, without times, ids,
 * versions, counts, line numbers and the runner's folders.
 */
export function normaliseLine(text: string): string {
  return text
    .replace(/https?:\/\/[^\s'")\]>]+/g, (url) => url.replace(/[?#].*$/, ''))
    .replace(/(?<=[-/])[a-z0-9]{8,10}-[a-z0-9]{5}(?![\w-])/g, '<pod>')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>')
    .replace(/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b/gi, '<hex>')
    .replace(/\b0x[0-9a-f]+\b/gi, '<hex>')
    .replace(/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?Z?)?/g, '<time>')
    .replace(/(?:[A-Za-z]:)?[\\/](?:[^\s\\/:'"`()<>,]+[\\/])+([^\s\\/:'"`()<>,]+)/g, (path) => shortPath(path))
    .replace(/\bv?\d+(?:\.\d+)+(?:[-+][\w.]+)?\b/g, '<n>')
    .replace(/(?<!\w)\d+(?:,\d{3})*(?=[a-zA-Z]{0,3}\b)/g, '<n>')
    .replace(/<n>(?:st|nd|rd|th|ms|s|m|min|kB|KB|MB|GB|KiB|MiB|GiB|B)\b/g, '<n>')
    .replace(/<n>(?:[:,.]<n>)+/g, '<n>')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 240);
}

/** A rough and cheap stand-in for `normaliseLine`, to tell repeats apart from news. */
export function roughKey(text: string): string {
  return text.slice(0, 160).replace(/\d+/g, '#');
}

/** The last two parts of a path name the file; what stands before is the runner's. */
function shortPath(path: string): string {
  return path.split(/[\\/]/).slice(-2).join('/');
}
