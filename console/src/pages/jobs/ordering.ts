import type { components } from '~/api/schema'
import { momentOf } from '~/words/formats'

type Order = components['schemas']['PetsExport']

export const FORMATS = ['csv', 'csv.gz', 'ndjson'] as const
export const SPECIES = ['dog', 'cat', 'bird', 'rodent', 'reptile', 'fish', 'other'] as const
export const STATUSES = [
  'active',
  'fed',
  'hungry',
  'sick',
  'in_treatment',
  'adopted',
  'lost',
  'deceased',
] as const satisfies Order['status'][]

export interface Asked {
  format: string
  species: string
  status: string
  name: string
  born_after: string
  born_before: string
  updated_since: string
}

export const NOTHING: Asked = {
  format: 'csv',
  species: '',
  status: '',
  name: '',
  born_after: '',
  born_before: '',
  updated_since: '',
}

/** The order that the form describes; what is left empty filters nothing. */
export function exportOf(asked: Asked): Order {
  const said = Object.entries(asked).filter(([, value]) => value.trim() !== '')
  const order = Object.fromEntries(said.map(([name, value]) => [name, value.trim()]))
  if (order.updated_since) order.updated_since = momentOf(order.updated_since) ?? order.updated_since
  return order as unknown as Order
}
