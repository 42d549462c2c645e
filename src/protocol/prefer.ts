/** Preferences of a client, where both ways of answering are right (RFC 7240). */
export interface Preferences {
  /** Seconds that the answer may wait for its Job. */
  wait?: number;
  /** The answer is wanted at once, without the gateway's own wait. */
  respondAsync?: true;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
const WORD = `(?:${TOKEN}|${QUOTED})`;
/** Pattern of one preference with its value; parameters behind semicolons mean nothing for the two that are known here. */
const PREFERENCE = new RegExp(`^(${TOKEN})(?:[ \\t]*=[ \\t]*(${WORD}))?(?:[ \\t]*;.*)?$`);
/** Commas part preferences unless they are quoted. */
const PARTS = new RegExp(`(?:${QUOTED}|[^,"])+|"`, 'g');
/** delta-seconds (RFC 7240 4.3): any number of digits. What is longer than a server waits is not refused, but cut (RFC 9111 1.2.2). */
const SECONDS = /^\d+$/;
const LONGEST = 2 ** 31;

/** Reads `Prefer`. What is unknown or cannot be read is ignored; of two that say the same thing, the first counts (RFC 7240 2). */
export function preferencesOf(header: string | undefined): Preferences {
  const preferences: Preferences = {};
  const seen = new Set<string>();
  for (const part of header?.match(PARTS) ?? []) {
    const [, name, word] = PREFERENCE.exec(part.trim()) ?? [];
    const key = name?.toLowerCase();
    if (key === undefined || seen.has(key)) continue;
    seen.add(key);
    const value = word?.startsWith('"') ? word.slice(1, -1) : word;
    if (key === 'wait' && value !== undefined && SECONDS.test(value)) preferences.wait = Math.min(Number(value), LONGEST);
    if (key === 'respond-async') preferences.respondAsync = true;
  }
  return preferences;
}
