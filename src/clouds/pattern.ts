/** Tells whether a pattern matches the whole name: * any characters, ? one. Without backtracking over more than one *. */
export function matches(pattern: string, name: string): boolean {
  let [at, star, mark] = [0, -1, 0];
  for (let i = 0; i < name.length;) {
    if (at < pattern.length && (pattern[at] === '?' || (pattern[at] === name[i] && pattern[at] !== '*'))) {
      at += 1;
      i += 1;
    } else if (pattern[at] === '*') {
      star = at;
      mark = i;
      at += 1;
    } else if (star >= 0) {
      at = star + 1;
      mark += 1;
      i = mark;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
