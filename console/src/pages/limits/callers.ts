/** Where the console shows a caller of one's own organisation; nothing for those that have no place. */
export function placeOf(id: string | null): string | null {
  const [kind, name] = (id ?? '').split(':')
  if (kind === 'user' && name) return `/users?user=${encodeURIComponent(name)}`
  if (kind === 'key' && name && !name.startsWith('environment-')) return '/keys'
  if (kind === 'client' && name) return '/clients'
  return null
}

const UNITS: [number, string][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]

/** A quota and its window as the API reads rates: `60/minute`, `100/30s`. */
export function rateOf(quota: number, seconds: number): string {
  const whole = UNITS.find(([size]) => seconds === size)
  return whole ? `${quota}/${whole[1]}` : `${quota}/${Math.round(seconds)}s`
}
