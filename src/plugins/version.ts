/**
 * Says what keeps a module that was written for one version of a contract from a gateway that has another. Versions are
 * `major.minor`: a minor one adds, a major one changes what there was.
 * @param theirs what the module exports as its `contractVersion`
 * @param ours the gateway's
 * @returns words that go after the module's name; undefined where they fit
 */
export function versionProblem(theirs: unknown, ours: string): string | undefined {
  const version = /^(\d+)\.(\d+)$/;
  const [, major = '', minor = ''] = version.exec(ours) ?? [];
  const [, theirMajor = '', theirMinor = ''] = (typeof theirs === 'string' ? version.exec(theirs) : undefined) ?? [];
  if (theirMajor === '') {
    const not = theirs === undefined ? '' : `, not ${JSON.stringify(theirs)}`;
    return `must export contractVersion, the version of the contract that it is written for, as text such as '${ours}'${not}`;
  }
  const written = `is written for version ${String(theirs)} of the contract`;
  if (theirMajor !== major) return `${written}; this gateway takes ${major}.0 to ${ours}`;
  return Number(theirMinor) > Number(minor) ? `${written}; this gateway has only ${ours}: it needs a later gateway` : undefined;
}
