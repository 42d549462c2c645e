/** The lexical forms of XML Schema Part 2 that the standard takes over (5.5.2, 5.5.3). */

const DATE_TIME = /^(-?(?:[1-9]\d{4,8}|\d{4}))-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,12})?(?:Z|[+-](\d\d):(\d\d))?$/;
const DURATION = /^-?P(?=.)(?:\d{1,12}Y)?(?:\d{1,12}M)?(?:\d{1,12}D)?(?:T(?=.)(?:\d{1,12}H)?(?:\d{1,12}M)?(?:\d{1,12}(?:\.\d{1,12})?S)?)?$/;
const INTEGER = /^[+-]?\d{1,32}$/;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Tells whether it is an xs:dateTime that names a real moment: no February 30, no hour 25. */
export function isDateTime(text: string): boolean {
  const parts = DATE_TIME.exec(text);
  if (!parts) return false;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  if (year === 0 || day < 1 || day > daysIn(year, month)) return false;
  const midnight = hour === 24 && minute === 0 && second === 0 && Number(parts[7] ?? 0) === 0;
  return (hour < 24 || midnight) && minute < 60 && second < 60 && isZone(parts[8], parts[9]);
}

/** A month that there is not has no day. */
function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && !leap ? 28 : (DAYS[month - 1] ?? 0);
}

function isZone(hours: string | undefined, minutes: string | undefined): boolean {
  const [h, m] = [Number(hours ?? 0), Number(minutes ?? 0)];
  return m < 60 && (h < 14 || (h === 14 && m === 0));
}

/** Tells whether it is an xs:duration. */
export function isDuration(text: string): boolean {
  return DURATION.test(text);
}

/** The number an xs:integer text stands for; undefined when it is none or can't be held exactly. */
export function integerOf(text: string): number | undefined {
  if (!INTEGER.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value + 0 : undefined;
}
