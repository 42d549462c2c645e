const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(\.\d+)?)?(Z|[+ -]\d{2}:\d{2})?$/;
const DURATION = /^(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const SECONDS_PER_MONTH = (365.2425 / 12) * 86400;

/**
 * Reads an xs:date or xs:dateTime of the years 0001 to 9999 as an instant. Without a zone it is UTC; a date is the
 * start of its day. A blank before the zone's digits is a plus sign that was not percent-encoded.
 * @returns ms since the epoch, with a fraction where the text has one below the millisecond; undefined: no such date.
 */
export function instantOf(text: string): number | undefined {
  const match = DATE.exec(text);
  if (!match) return undefined;
  const part = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day, hour, minute, second, fraction] = [part(1), part(2), part(3), part(4), part(5), part(6), part(7)];
  const endOfDay = hour === 24 && minute === 0 && second === 0 && fraction === 0;
  if (year < 1 || (hour > 23 && !endOfDay) || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offset = zoneMinutes(match[8] ?? 'Z');
  if (offset === undefined) return undefined;
  return date.getTime() + (hour * 3600 + (minute - offset) * 60 + second) * 1000 + fraction * 1000;
}

function zoneMinutes(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  // XML Schema ends the zones at fourteen hours.
  if (minutes > 59 || hours * 60 + minutes > 14 * 60) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * Length of an xs:duration in seconds; a month counts as the average one of the Gregorian calendar.
 * @returns undefined where the text is no duration.
 */
export function durationSeconds(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (!match || !/\d/.test(text) || text.endsWith('T')) return undefined;
  const part = (index: number): number => Number(match[index] ?? 0);
  const months = part(2) * 12 + part(3);
  const seconds = part(4) * 86400 + part(5) * 3600 + part(6) * 60 + part(7);
  return (match[1] ? -1 : 1) * (months * SECONDS_PER_MONTH + seconds);
}
