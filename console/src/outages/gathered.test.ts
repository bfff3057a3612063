import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { gathered } from './gathered'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('asks once for a burst, and again for what comes later', () => {
  const asked = vi.fn()
  const told = gathered(asked, 1000, () => 0.5)
  for (let times = 0; times < 50; times++) told()
  vi.advanceTimersByTime(1499)
  expect(asked).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(asked).toHaveBeenCalledTimes(1)
  told()
  vi.advanceTimersByTime(1500)
  expect(asked).toHaveBeenCalledTimes(2)
})

it('is not kept from asking by news without a pause', () => {
  const asked = vi.fn()
  const told = gathered(asked, 1000, () => 0)
  for (let second = 0; second < 100; second++) {
    told()
    vi.advanceTimersByTime(100)
  }
  expect(asked.mock.calls.length).toBeGreaterThanOrEqual(9)
})
