const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(\.\d+)?)?(?:Z|([+ -])(\d{2}):(\d{2}))?$/;
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
  // A day that its month does not have is one of another month.
  if (date.getUTCMonth() !== month - 1) return undefined;
  const [zoneHours, zoneMinutes] = [part(9), part(10)];
  // XML Schema ends the zones at fourteen hours.
  if (zoneMinutes > 59 || zoneHours * 60 + zoneMinutes > 14 * 60) return undefined;
  const offset = (match[8] === '-' ? -1 : 1) * (zoneHours * 60 + zoneMinutes);
  return date.getTime() + (hour * 3600 + (minute - offset) * 60 + second) * 1000 + fraction * 1000;
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
