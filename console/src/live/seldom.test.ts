import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { seldom } from './seldom'

describe('what is seldom called', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is called at once, and once more for all that came meanwhile', () => {
    const work = vi.fn()
    const call = seldom(work, 1000)
    call()
    call()
    call()
    expect(work).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(1000)
    expect(work).toHaveBeenCalledTimes(2)
    vi.advanceTimersByTime(5000)
    expect(work).toHaveBeenCalledTimes(2)
    call()
    expect(work).toHaveBeenCalledTimes(3)
  })
})
