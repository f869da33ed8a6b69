/**
 * Numbers as people read them: units always shown, decimal bytes as on the Hub's own pages, no false precision.
 */
const oneDigit = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const twoDigits = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });
const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** 2_471_645_608 -> "2.5 GB". Decimal units. */
export function bytes(count: number): string {
  let value = Math.max(0, count);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 || unit < 2 ? whole.format(value) : oneDigit.format(value)} ${units[unit] ?? 'B'}`;
}

/** 4.2 MB/s */
export function rate(bytesPerSecond: number): string {
  return `${bytes(bytesPerSecond)}/s`;
}

/** Seconds as a length of time: "less than a minute", "6 min", "1 h 20 min", "3 days". */
export function duration(seconds: number): string {
  if (seconds < 50) return seconds < 10 ? 'a few seconds' : 'less than a minute';
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} days`;
}

/** Seconds as a countdown: "0:42", "4:05", "1 h 20 min". */
export function countdown(seconds: number): string {
  const left = Math.max(0, Math.ceil(seconds));
  if (left >= 3600) return duration(left);
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
}

/** Milliseconds since epoch against now: "just now", "2 min ago", "3 days ago". */
export function ago(then: number, now: number): string {
  const seconds = Math.max(0, (now - then) / 1000);
  return seconds < 50 ? 'just now' : `${duration(seconds)} ago`;
}

/** A moment as the person's own clock says it; with the day when it was not today. */
export function moment(at: number, now: number): string {
  const date = new Date(at);
  const sameDay = date.toDateString() === new Date(now).toDateString();
  const time = date.toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return sameDay ? time : `${date.toLocaleDateString('en', { day: 'numeric', month: 'short' })}, ${time}`;
}

/** The first millisecond of the day that holds this moment, by this computer's clock. */
export function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** A day with its year: "21 Nov 2026". */
export function day(at: number): string {
  return new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** 1_235_814_400 -> "1.2 B"; parameters of a model. */
export function parameters(count: number): string {
  if (count >= 1e9) return `${oneDigit.format(count / 1e9)} B`;
  return count >= 1e6 ? `${whole.format(count / 1e6)} M` : whole.format(count);
}

/** 0.0123456 -> "0.012", 3e-9 -> "under 0.000001": for measures that are best at zero. */
export function tiny(value: number): string {
  return value < 1e-6 ? 'under 0.000001' : twoDigits.format(value);
}

/** 12,345 */
export function count(value: number): string {
  return whole.format(value);
}

/** 12.3 */
export function decimal(value: number): string {
  return oneDigit.format(value);
}

/** Seconds of a wait a person hardly notices or does: "under 0.1", "0.4", "12.3". */
export function wait(seconds: number): string {
  return seconds < 0.1 ? 'under 0.1' : oneDigit.format(seconds);
}

/** Share of done in whole percent, never 100 before the end. */
export function percent(done: number, total: number): number {
  if (total <= 0) return 0;
  const share = Math.floor((done / total) * 100);
  return Math.min(done >= total ? 100 : 99, Math.max(0, share));
}

/** "owner/name" -> "name". */
export function shortName(repo: string): string {
  return repo.slice(repo.indexOf('/') + 1);
}
