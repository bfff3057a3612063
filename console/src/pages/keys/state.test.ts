import { describe, expect, it } from 'vitest'
import { fromField, stateOf, toField } from './state'

const NOW = Date.UTC(2026, 2, 14, 12)
const key = { enabled: true, revoked_at: null, expires_at: null as string | null }

describe('how a key stands', () => {
  it('is in use without an end, and when the end is far', () => {
    expect(stateOf(key, NOW)).toBe('in_use')
    expect(stateOf({ ...key, expires_at: '2026-04-14T12:00:00Z' }, NOW)).toBe('in_use')
    expect(stateOf({ enabled: true, revoked_at: null }, NOW)).toBe('in_use')
  })

  it('is told before its end', () => {
    expect(stateOf({ ...key, expires_at: '2026-03-20T12:00:00Z' }, NOW)).toBe('expiring')
  })

  it('is the most final of what holds', () => {
    const expired = { ...key, enabled: false, expires_at: '2026-03-14T11:59:00Z' }
    expect(stateOf({ ...key, enabled: false }, NOW)).toBe('disabled')
    expect(stateOf(expired, NOW)).toBe('expired')
    expect(stateOf({ ...expired, revoked_at: '2026-03-01T00:00:00Z' }, NOW)).toBe('revoked')
  })
})

describe('the field of its end', () => {
  it('gives back the moment that it was given, to the minute', () => {
    expect(fromField(toField('2026-03-14T11:59:00Z'))).toBe('2026-03-14T11:59:00.000Z')
  })

  it('may be empty', () => {
    expect([toField(null), fromField(''), fromField('no moment')]).toEqual(['', null, null])
  })
})
