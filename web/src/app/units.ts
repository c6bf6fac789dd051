/** Sizes and times as users read them. */

/** Return a size as "1.2 GB", in the decimal units of file managers. */
export function shownBytes(nbytes: number, language: string): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, nbytes)) / 3));
  const value = nbytes / 1000 ** power;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString(language, { maximumFractionDigits: digits })} ${units[power]}`;
}

/** Return a time as "5 minutes ago", or as a date if it is longer than a week ago. */
export function shownTime(at: number, now: number, language: string): string {
  const seconds = Math.round((at - now) / 1000);
  const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number, number])[] = [
    ['second', 1, 60],
    ['minute', 60, 3600],
    ['hour', 3600, 86_400],
    ['day', 86_400, 604_800],
  ];
  const step = steps.find(([, , limit]) => Math.abs(seconds) < limit);
  if (step === undefined) return new Date(at).toLocaleDateString(language, { dateStyle: 'medium' });
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(
    Math.round(seconds / step[1]),
    step[0],
  );
}
