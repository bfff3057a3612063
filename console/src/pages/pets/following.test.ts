import { describe, expect, it } from 'vitest'
import type { Fact } from '~/live/live'
import { followed, type Listed, petOf } from './following'

const fact = (event: string, subject: string, data: Record<string, unknown> = {}): Fact => ({
  channel: 'pets',
  position: 'e:1',
  event,
  id: 'f',
  subject,
  occurred_at: '2026-01-01T00:00:00Z',
  data,
})
const rows: Listed[] = [
  { id: 'a', name: 'Rex', version: 2 },
  { id: 'b', name: 'Mia', version: 5 },
]

describe('rows that follow facts', () => {
  it('show a pet as it is now', () => {
    const pet = { id: 'a', name: 'Rex', status: 'fed', version: 3 }
    expect(followed(rows, fact('pet.fed', 'a', { pet }))).toEqual([pet, rows[1]])
  })

  it('never go back to what is older', () => {
    expect(followed(rows, fact('pet.updated', 'b', { pet: { id: 'b', name: 'Old', version: 5 } }))).toEqual(rows)
  })

  it('lose what was deleted', () => {
    expect(followed(rows, fact('pet.deleted', 'a', { id: 'a' }))).toEqual([rows[1]])
  })

  it('stay as they are for others and for what shows nothing', () => {
    expect(followed(rows, fact('pet.created', 'c', { pet: { id: 'c', version: 1 } }))).toEqual(rows)
    expect(followed(rows, fact('pet.updated', 'a'))).toBe(rows)
    expect(petOf(fact('pet.updated', 'a', { pet: {} }))).toBeNull()
  })
})
