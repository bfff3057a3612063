import { expect, it } from 'vitest'
import { Problem } from './problem'
import { Keys } from './repeated'

it('has the same key for the same body until it is answered', () => {
  const keys = new Keys()
  const first = keys.of({ name: 'a' })
  keys.ended(new Problem(0))
  expect(keys.of({ name: 'a' })).toBe(first)
  keys.ended(new Problem(503))
  expect(keys.of({ name: 'a' })).toBe(first)
  keys.ended(
    new Problem(409, { errors: [{ code: 'IDEMPOTENCY_IN_PROGRESS', message: '', field: null, pointer: null }] }),
  )
  expect(keys.of({ name: 'a' })).toBe(first)
  expect(keys.of({ name: 'b' })).not.toBe(first)
})

it('has a new key once there was an answer', () => {
  const keys = new Keys()
  const first = keys.of({ name: 'a' })
  keys.ended(new Problem(409))
  const second = keys.of({ name: 'a' })
  expect(second).not.toBe(first)
  keys.ended()
  expect(keys.of({ name: 'a' })).not.toBe(second)
})
