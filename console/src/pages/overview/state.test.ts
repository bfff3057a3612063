import { describe, expect, it } from 'vitest'
import { stateOf } from './state'

describe('the state of a part', () => {
  it('is what its word says', () => {
    for (const said of ['ok', 'degraded', 'unavailable'] as const) expect(stateOf('database', said)).toBe(said)
  })

  it('is read out of words', () => {
    expect(stateOf('disk', 'degraded: 1 GB is left')).toBe('degraded')
    expect(stateOf('jobs', 'no worker has signed on')).toBe('degraded')
    expect(stateOf('database', 'no answer within 2 s')).toBe('unavailable')
  })
})
