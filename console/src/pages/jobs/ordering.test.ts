import { describe, expect, it } from 'vitest'
import { momentOf } from '~/words/formats'
import { exportOf, NOTHING } from './ordering'

describe('an order for an export', () => {
  it('says only what is filled in', () => {
    expect(exportOf(NOTHING)).toEqual({ format: 'csv' })
    expect(exportOf({ ...NOTHING, format: 'ndjson', species: 'dog', name: ' Rex ' })).toEqual({
      format: 'ndjson',
      species: 'dog',
      name: 'Rex',
    })
  })

  it('names moments with their zone', () => {
    const local = '2026-11-21T10:30'
    expect(exportOf({ ...NOTHING, updated_since: local }).updated_since).toBe(new Date(local).toISOString())
    expect(momentOf('')).toBeNull()
    expect(momentOf('yesterday')).toBeNull()
  })
})
