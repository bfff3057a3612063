export type Resolution = 'minute' | 'hour' | 'day'
export type Point = { at: string } & Record<string, string | number | null>

export interface Told {
  /** The last value that is known, and the highest with its time. */
  last: number
  most: number
  at: string
}

/** What a line says, for who cannot see it; nothing where nothing was measured. */
export function told(points: Point[], name: string): Told | null {
  const measured = points.flatMap(({ at, ...values }) => {
    const value = values[name]
    return typeof value === 'number' ? [{ at, value }] : []
  })
  const [first, ...rest] = measured
  if (!first) return null
  const highest = rest.reduce((most, one) => (one.value > most.value ? one : most), first)
  return { last: measured.at(-1)?.value ?? first.value, most: highest.value, at: highest.at }
}

/** Whether a value stands without a measured neighbour, so that no line leads to it. */
export function alone(points: Point[], name: string, index: number): boolean {
  const measured = (place: number) => typeof points[place]?.[name] === 'number'
  return measured(index) && !measured(index - 1) && !measured(index + 1)
}

/** How the start of a unit is written under a chart: its time, and where there are several days its day. */
export function tick(at: string, resolution: Resolution, days: boolean, language: string): string {
  const shown: Intl.DateTimeFormatOptions =
    resolution === 'day'
      ? { day: 'numeric', month: 'short', timeZone: 'UTC' }
      : days
        ? { weekday: 'short', hour: '2-digit', minute: '2-digit' }
        : { hour: '2-digit', minute: '2-digit' }
  return new Intl.DateTimeFormat(language, shown).format(new Date(at))
}
