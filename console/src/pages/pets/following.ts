import type { components } from '~/api/schema'
import type { Fact } from '~/live/live'

export type Pet = components['schemas']['PetView']
export type Listed = components['schemas']['SparsePetView']

/** The pet that a fact is about, as it is after it; `null` where it is no more, or the fact shows none. */
export function petOf(fact: Fact): Pet | null {
  const pet = fact.data.pet as Pet | undefined
  return pet?.id ? pet : null
}

/**
 * Rows after a fact: what it is about is shown as it is now, and is gone when it was deleted. What the fact knows is
 * never older than what is shown. Whether a row still belongs here is for the list to say, which is read anew.
 */
export function followed(rows: Listed[], fact: Fact): Listed[] {
  if (fact.event === 'pet.deleted') return rows.filter((row) => row.id !== fact.subject)
  const pet = petOf(fact)
  if (!pet) return rows
  return rows.map((row) => (row.id === pet.id && (row.version ?? 0) < pet.version ? pet : row))
}
