import { expect, it } from 'vitest'
import { shareOf, typed } from './amounts'

it('knows how much of a quota is used', () => {
  expect([
    shareOf({ used: 3, limit: 4 }),
    shareOf({ used: 6, limit: 4 }),
    shareOf({ used: 6, limit: null }),
    shareOf({ used: 0, limit: 0 }),
    shareOf({ used: 1, limit: 0 }),
  ]).toEqual([0.75, 1.5, null, 0, 1])
})

it('reads the amount that somebody typed', () => {
  expect([' 12 ', 0, '', '-1', '1.5', 'many'].map(typed)).toEqual([12, 0, null, undefined, undefined, undefined])
})
