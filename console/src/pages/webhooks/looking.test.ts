import { expect, it } from 'vitest'
import { lookAgain } from './looking'

const NOW = Date.UTC(2026, 0, 1)
const after = (seconds: number, state: 'pending' | 'failed' = 'pending') =>
  lookAgain({ state, next_at: new Date(NOW + seconds * 1000).toISOString() }, NOW)

it('a delivery is looked at when its attempt is due, seldom before, and not once it has ended', () => {
  expect(after(4)).toBe(5_000)
  expect(after(-1)).toBe(1_000)
  expect(after(600)).toBe(10_000)
  expect(after(-60)).toBe(10_000)
  expect(after(4, 'failed')).toBe(false)
})
