export interface Offered {
  name: string
  description: string
  held: boolean
}

/**
 * What can be chosen: what the API lists, and what a role has beyond that (a wildcard, what another release knew), as far
 * as its name or its words contain the text.
 */
export function offered(known: Offered[], chosen: string[], text: string): Offered[] {
  const names = new Set(known.map((one) => one.name))
  const others = chosen.filter((name) => !names.has(name)).map((name) => ({ name, description: '', held: true }))
  const wanted = text.trim().toLowerCase()
  return [...others, ...known].filter(
    ({ name, description }) => name.toLowerCase().includes(wanted) || description.toLowerCase().includes(wanted),
  )
}

/** By what stands before the colon, in order. */
export function grouped(some: Offered[]): [string, Offered[]][] {
  const groups = new Map<string, Offered[]>()
  for (const one of some) {
    const area = one.name.split(':')[0] as string
    groups.set(area, [...(groups.get(area) ?? []), one])
  }
  return [...groups].sort(([one], [other]) => one.localeCompare(other))
}
