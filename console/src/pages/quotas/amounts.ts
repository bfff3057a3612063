import { bytes, number } from '~/words/formats'

/** How much of a quota is used: more than 1 where a smaller plan came later; nothing where nothing bounds it. */
export function shareOf({ used, limit }: { used: number; limit: number | null }): number | null {
  if (limit === null) return null
  if (limit === 0) return used > 0 ? 1 : 0
  return used / limit
}

/** An amount in its unit. */
export function amount(value: number, unit: string): string {
  return unit === 'bytes' ? bytes(value) : number(value)
}

/** The amount that somebody typed: nothing is without bound, and what is no whole number from 0 is none. */
export function typed(text: string | number): number | null | undefined {
  const trimmed = String(text).trim()
  if (trimmed === '') return null
  const value = Number(trimmed)
  return Number.isInteger(value) && value >= 0 ? value : undefined
}
