/**
 * What stays the same when the same thing breaks again: the words, the symbols and the file, without times, ids,
 * versions, counts, line numbers and the runner's folders.
 */
export function normaliseLine(text: string): string {
  let line = text;
  if (line.includes('://')) line = line.replace(/https?:\/\/[^\s'")\]>]+/g, (url) => url.replace(/[?#].*$/, ''));
  const hasDigit = /\d/.test(line);
  if (line.includes('-')) {
    line = line.replace(/(?<=[-/])[a-z0-9]{8,10}-[a-z0-9]{5}(?![\w-])/g, '<pod>');
    line = line.replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>');
  }
  if (hasDigit) {
    line = line
      .replace(/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b/gi, '<hex>')
      .replace(/\b0x[0-9a-f]+\b/gi, '<hex>')
      .replace(/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?Z?)?/g, '<time>');
  }
  if (line.includes('/') || line.includes('\\')) {
    line = line.replace(/(?:[A-Za-z]:)?[\\/](?:[^\s\\/:'"`()<>,]+[\\/])+([^\s\\/:'"`()<>,]+)/g, shortPath);
  }
  if (hasDigit) {
    line = line
      .replace(/\bv?\d+(?:\.\d+)+(?:[-+][\w.]+)?\b/g, '<n>')
      .replace(/(?<!\w)\d+(?:,\d{3})*(?=[a-zA-Z]{0,3}\b)/g, '<n>');
  }
  if (line.includes('<n>')) {
    line = line
      .replace(/<n>(?:st|nd|rd|th|ms|s|m|min|kB|KB|MB|GB|KiB|MiB|GiB|B)\b/g, '<n>')
      .replace(/<n>(?:[:,.]<n>)+/g, '<n>');
  }
  return line.replace(/\s+/g, ' ').trim().slice(0, 240);
}

/** A rough and cheap stand-in for `normaliseLine`, to tell repeats apart from news. */
export function roughKey(text: string): string {
  return text.slice(0, 160).replace(/\d+/g, '#');
}

/** The last two parts of a path name the file; what stands before is the runner's. */
function shortPath(path: string): string {
  return path.split(/[\\/]/).slice(-2).join('/');
}
