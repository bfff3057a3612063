import { describe, expect, it } from 'vitest'
import { FIRST, rowsOf, sortedBy, type Wanted } from './rows'
import type { Municipio } from './summary'

const one = (
  municipio: number,
  name: string | null,
  planned: number,
  unplanned: number,
  served: number,
): Municipio => ({
  municipio,
  name,
  planned,
  unplanned,
  served,
  share: (planned + unplanned) / served,
})
const ALL = [
  one(1400100, 'Boa Vista', 234, 1000, 31_400),
  one(1400175, 'Cantá', 40, 0, 200),
  one(1400233, 'Caroebe', 0, 0, 2_900),
  one(1499999, null, 0, 12, 12),
]
const names = (wanted: Partial<Wanted>) =>
  rowsOf(ALL, { ...FIRST, ...wanted }, (code) => `Município ${code}`).map(({ name }) => name)

describe('the table', () => {
  it('begins with who has most out', () => {
    expect(names({})).toEqual(['Boa Vista', 'Cantá', 'Município 1499999', 'Caroebe'])
  })

  it('finds names without accents and capitals, and codes', () => {
    expect(names({ search: ' canta ' })).toEqual(['Cantá'])
    expect(names({ search: '14999' })).toEqual(['Município 1499999'])
    expect(names({ search: 'Manaus' })).toEqual([])
  })

  it('leaves out who has power', () => {
    expect(names({ onlyOut: true })).not.toContain('Caroebe')
    expect(names({ onlyOut: true, kind: 'planned' })).toEqual(['Boa Vista', 'Cantá'])
  })

  it('counts only the kind that is wanted, in the share too', () => {
    const [first] = rowsOf(ALL, { ...FIRST, kind: 'planned' }, String)
    expect(first).toMatchObject({ planned: 234, unplanned: 0, out: 234, share: 234 / 31_400 })
  })

  it('is sorted by what was pressed, the other way round the second time', () => {
    const byName = sortedBy(FIRST, 'name')
    expect(names(byName)).toEqual(['Boa Vista', 'Cantá', 'Caroebe', 'Município 1499999'])
    expect(names(sortedBy(byName, 'name'))[0]).toBe('Município 1499999')
    expect(names(sortedBy(FIRST, 'share'))[0]).toBe('Município 1499999')
    expect(names(sortedBy(FIRST, 'out'))[0]).toBe('Caroebe')
  })
})
