import { locale } from './words'

const kept = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>()

function made<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(
  name: string,
  make: () => T,
): T {
  const key = `${locale()} ${name}`
  const found = (kept.get(key) as T | undefined) ?? make()
  kept.set(key, found)
  return found
}

/** A number as the language writes it; at most `digits` behind the point. */
export function number(value: number, digits = 0): string {
  return made(`n${digits}`, () => new Intl.NumberFormat(locale(), { maximumFractionDigits: digits })).format(value)
}

/** A share from 0 to 1 as per cent. */
export function share(value: number, digits = 1): string {
  const make = () => new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: digits })
  return made(`p${digits}`, make).format(value)
}

/** Day and time of a moment (ISO 8601), in the reader's time zone. */
export function moment(at: string): string {
  const make = () => new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'medium' })
  return made('m', make).format(new Date(at))
}

export function day(at: string): string {
  return made('d', () => new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' })).format(new Date(at))
}

export function clock(at: string): string {
  return made('c', () => new Intl.DateTimeFormat(locale(), { timeStyle: 'short' })).format(new Date(at))
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

/** How long ago, or ahead, in the largest fitting unit: `3 minutes ago`. */
export function since(at: string, now: number = Date.now()): string {
  const seconds = (new Date(at).getTime() - now) / 1000
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? (['second', 1] as const)
  const make = () => new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' })
  return made('r', make).format(Math.trunc(seconds / size), unit)
}

/** Bytes in the units that people read: `1.5 MB`. */
export function bytes(value: number): string {
  const names = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  const power = value > 0 ? Math.min(names.length - 1, Math.floor(Math.log10(value) / 3)) : 0
  const unit = names[power] as string
  const make = () =>
    new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 })
  return made(`b${unit}`, make).format(value / 1000 ** power)
}

/** Milliseconds: `0.8 ms`, `420 ms`, `1.3 s`. */
export function milliseconds(value: number): string {
  return value < 1000 ? `${number(value, value < 10 ? 1 : 0)} ms` : `${number(value / 1000, 1)} s`
}

/** Seconds of a stretch of time in its two largest units: `45 s`, `3 min 20 s`, `2 h`, `3 d 4 h`. */
export function stretch(seconds: number): string {
  const whole = Math.round(seconds)
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3_600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0 s'
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return shown.map(([count, unit]) => `${count} ${unit}`).join(' ')
}

/** The moment (ISO 8601) that a field of date and time says, in this browser's time zone; null where it says none. */
export function momentOf(text: string): string | null {
  const at = new Date(text)
  return text && !Number.isNaN(at.getTime()) ? at.toISOString() : null
}
