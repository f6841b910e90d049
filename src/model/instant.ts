/**
 * Instants: ISO-8601 text with a zone, or a number of milliseconds since 1970; read to milliseconds since 1970.
 *
 * A text without a zone would mean another instant on each server, so it is refused; so is a day that does not exist, which
 * JavaScript would shift into the next month. Fractions of a second, up to nanoseconds, are cut to milliseconds.
 *
 * The unit of a number shows in its size, since all of these are today: 1.8e9 s, 1.8e12 ms, 1.8e15 us, 1.8e18 ns.
 *   below 1e8           within two days of 1970: a missing time, or a count of days
 *   1e8   up to 1e11    seconds (1973 .. 5138)
 *   1e11  up to 2.5e14  milliseconds (1973 .. 9999)
 *   4e14  up to 4e17    microseconds (1982 .. 14645)
 *   4e17  and more      nanoseconds
 * The days about 1970 and other times before 1973 can be given as text.
 */
import { RecollectError } from '../errors.js';
import { typeName } from './identifier.js';

/** 10000-01-01T00:00:00Z: years of five digits are refused */
export const endOfYears = 253_402_300_800_000;
const example = '2026-05-01T10:00:00Z';

const isoText =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)$/;
const isoTextWithoutZone = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?$/;

/** Reads an instant; `field` names it in the error. */
export function readInstant(value: unknown, field: string): number {
  if (value === undefined || value === null) {
    throw new RecollectError('MISSING_FIELD', `${field} is missing: give a time such as ${example}`, { field });
  }
  if (typeof value === 'number') return ofNumber(value, field);
  if (typeof value === 'string') return ofText(value, field);
  throw invalid(field, `is ${typeName(value)}: give text such as ${example}, or milliseconds since 1970 as a number`);
}

function ofNumber(value: number, field: string): number {
  const size = Math.abs(value);
  if (size < 1e8) {
    throw new RecollectError(
      'TIME_TOO_EARLY',
      `${field} is within two days of 1970 as milliseconds: it is a missing time or counts days; give a time such as ${example}`,
      { field },
    );
  }
  if (size < 1e11) throw wrongUnit(field, 'seconds', 'multiply by 1,000');
  if (size < endOfYears) return Math.floor(value);
  if (size < 4e14 || !Number.isFinite(value)) throw invalid(field, 'is beyond the year 9999, or not a number');
  if (size < 4e17) throw wrongUnit(field, 'microseconds', 'divide by 1,000');
  throw wrongUnit(field, 'nanoseconds', 'divide by 1,000,000');
}

/** A number in a field that counts seconds by its definition -> milliseconds; a unit that shows to be another is refused. */
export function secondsToMs(value: number, field: string): number {
  const size = Math.abs(value);
  if (size < 1e8) {
    const message = `${field} is before 1973 as seconds: it is a missing time or counts days; give a time such as ${example}`;
    throw new RecollectError('TIME_TOO_EARLY', message, { field });
  }
  if (size < 1e11) return Math.round(value * 1000);
  const unit = size < 4e14 ? 'milliseconds' : size < 4e17 ? 'microseconds' : 'nanoseconds';
  const message = `${field} counts ${unit}, and is defined to count seconds: send seconds, or text such as ${example}`;
  throw new RecollectError('TIME_UNIT', message, { field });
}

function ofText(text: string, field: string): number {
  const usual = ofUsualText(text);
  if (usual !== null) return usual;
  const parts = isoText.exec(text);
  if (parts === null) throw invalid(field, whyNotIso(text));
  const part = (at: number): number => Number(parts[at] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month))
    throw invalid(field, 'names a day that does not exist');
  if (hour === 24) throw invalid(field, 'has the hour 24: write 00:00 of the next day');
  if (hour > 23 || minute > 59) throw invalid(field, 'names a time of day that does not exist');
  if (second > 59) throw invalid(field, 'has a second beyond 59: write a leap second as :59');
  const offsetMinutes = part(9) * 60 + part(10);
  if (part(10) > 59 || offsetMinutes >= 16 * 60) throw invalid(field, 'has an offset from UTC that no place has');
  // setUTCFullYear, because Date.UTC takes the years 0 to 99 for 1900 to 1999
  const date = new Date(0).setUTCFullYear(year, month - 1, day);
  const fraction = Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const local = date + ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
  const instant = local - (parts[8] === '-' ? -1 : 1) * offsetMinutes * 60_000;
  if (instant >= endOfYears) throw invalid(field, 'is beyond the year 9999');
  return instant;
}

/**
 * Of the form that most producers write, 2026-05-01T10:00:00.123Z, with or without the fraction: several times faster than by the pattern.
 * null: the pattern has to say, as for days that not every month has.
 */
function ofUsualText(text: string): number | null {
  const hasFraction = text.length === 24;
  if ((!hasFraction && text.length !== 20) || text[4] !== '-' || text[7] !== '-' || text[10] !== 'T') return null;
  if (text[13] !== ':' || text[16] !== ':' || (hasFraction && text[19] !== '.') || !text.endsWith('Z')) return null;
  const [century, decade] = [twoDigits(text, 0), twoDigits(text, 2)];
  const [month, day] = [twoDigits(text, 5), twoDigits(text, 8)];
  const [hour, minute, second] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)];
  const fraction = hasFraction ? 10 * twoDigits(text, 20) + digit(text, 22) : 0;
  const isUsual = century >= 1 && decade >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= 28;
  const isOfDay = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59;
  if (!isUsual || !isOfDay || !(fraction >= 0)) return null;
  return Date.UTC(100 * century + decade, month - 1, day, hour, minute, second, fraction);
}

/** NaN where they are none. */
function twoDigits(text: string, at: number): number {
  return 10 * digit(text, at) + digit(text, at + 1);
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : NaN;
}

function daysOf(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (month === 2) return isLeap ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** What is wrong with a text, and what to do; the text itself is not repeated, it may be anything. */
function whyNotIso(text: string): string {
  if (isoTextWithoutZone.test(text))
    return 'has no zone: write time of day and zone, so add Z or an offset such as +02:00';
  if (/^[+-]?\d+(\.\d+)?$/.test(text))
    return `is a number in quotes: send milliseconds without quotes, or text such as ${example}`;
  if (/^[+-]?\d{5,}-/.test(text)) return 'has a year of more than four digits';
  if (text !== text.trim()) return 'has blanks around it: take them out';
  return `is not ISO-8601: write it like ${example} or 2026-05-01T12:00:00.123+02:00`;
}

function invalid(field: string, fault: string): RecollectError {
  return new RecollectError('INVALID_TIME', `${field} ${fault}`, { field });
}

function wrongUnit(field: string, unit: string, remedy: string): RecollectError {
  const message = `${field} counts ${unit}: ${remedy} to have milliseconds, or send text such as ${example}`;
  return new RecollectError('TIME_UNIT', message, { field });
}
