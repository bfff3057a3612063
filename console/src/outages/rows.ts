import type { Municipio } from './summary'

export type Kind = 'all' | 'planned' | 'unplanned'
export type SortKey = 'name' | 'planned' | 'unplanned' | 'out' | 'served' | 'share'

export interface Wanted {
  search: string
  kind: Kind
  /** Leave out who has power everywhere. */
  onlyOut: boolean
  sort: SortKey
  descending: boolean
}

export interface Row {
  municipio: number
  name: string
  planned: number
  unplanned: number
  out: number
  served: number
  share: number
}

export const FIRST: Wanted = { search: '', kind: 'all', onlyOut: false, sort: 'out', descending: true }

/** As people type it: without accents and capitals. */
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase()
    .trim()
}

/** A município as it is shown; where one kind is wanted, the other does not count. `named`: who IBGE does not name to us. */
function rowOf(one: Municipio, kind: Kind, named: (code: number) => string): Row {
  const planned = kind === 'unplanned' ? 0 : one.planned
  const unplanned = kind === 'planned' ? 0 : one.unplanned
  const out = planned + unplanned
  const { municipio, served } = one
  return {
    municipio,
    name: one.name ?? named(municipio),
    planned,
    unplanned,
    out,
    served,
    share: served ? out / served : 0,
  }
}

/** What the table shows, in its order; equal ones by name. */
export function rowsOf(all: Municipio[], wanted: Wanted, named: (code: number) => string): Row[] {
  const sought = plain(wanted.search)
  const found = all
    .map((one) => rowOf(one, wanted.kind, named))
    .filter((row) => !wanted.onlyOut || row.out > 0)
    .filter((row) => plain(row.name).includes(sought) || String(row.municipio).startsWith(sought))
  const turn = wanted.descending ? -1 : 1
  return found.sort((a, b) => turn * compared(a, b, wanted.sort) || a.name.localeCompare(b.name, 'pt'))
}

function compared(a: Row, b: Row, key: SortKey): number {
  return key === 'name' ? a.name.localeCompare(b.name, 'pt') : a[key] - b[key]
}

/** The order after a head was pressed: the same column the other way round, another with the most first, names from A. */
export function sortedBy(wanted: Wanted, key: SortKey): Wanted {
  const descending = wanted.sort === key ? !wanted.descending : key !== 'name'
  return { ...wanted, sort: key, descending }
}
