import { describe, expect, it } from 'vitest'
import { partsOf } from './result'

const file = {
  file_id: 'f',
  name: 'pets.csv',
  bytes: 9,
  sha256: 'x',
  expires_at: '2026-01-08T00:00:00Z',
  url: '/api/v2/files/t',
}

describe('a result', () => {
  it('of an export is a file and figures', () => {
    expect(partsOf({ file, rows: 3, url: '/api/v2/files/t' })).toEqual({
      file,
      problems: [],
      figures: [['rows', 3]],
      rest: {},
    })
  })

  it('of an import has what is wrong with its rows, and no file where nothing is wrong', () => {
    const errors = [{ row: 3, field: 'species', code: 'INVALID', message: 'no such species' }]
    const parts = partsOf({ rows: 3, registered: 2, refused: 1, errors, more_errors: 0, file: null })
    expect(parts.problems).toEqual(errors)
    expect(parts.file).toBeNull()
    expect(parts.figures.map(([name]) => name)).toEqual(['rows', 'registered', 'refused', 'more_errors'])
  })

  it('of another service is shown as it is', () => {
    expect(partsOf({ pages: [1, 2], of: { a: 1 } }).rest).toEqual({ pages: [1, 2], of: { a: 1 } })
  })
})
