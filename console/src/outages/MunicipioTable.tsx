import { Table, UnstyledButton } from '@mantine/core'
import { ArrowDown, ArrowUp, ArrowUpDown } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Empty } from '~/look/Shown'
import { number, share } from '~/words/formats'
import type { Row, SortKey, Wanted } from './rows'
import { atLeastSome } from './words'

const COLUMNS: [SortKey, string, (row: Row) => string][] = [
  ['name', 'municipio', (row) => row.name],
  ['planned', 'planned', (row) => number(row.planned)],
  ['unplanned', 'unplanned', (row) => number(row.unplanned)],
  ['out', 'out', (row) => number(row.out)],
  ['served', 'served', (row) => number(row.served)],
  ['share', 'share', (row) => share(atLeastSome(row.share), 2)],
]

interface Props {
  rows: Row[]
  wanted: Wanted
  sort: (key: SortKey) => void
}

export function MunicipioTable({ rows, wanted, sort }: Props) {
  const { t } = useTranslation(['outages', 'common'])
  const caption = t('by_municipio')
  if (rows.length === 0) return <Empty>{t('nothing_found', { ns: 'common' })}</Empty>
  return (
    <Table.ScrollContainer minWidth={560} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': caption } }}>
      <Table highlightOnHover tabularNums aria-label={caption} data-testid="municipios">
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map(([key, name]) => (
              <Table.Th key={key} scope="col" aria-sort={sortOf(wanted, key)}>
                <UnstyledButton className={key === 'name' ? 'head' : 'head end'} onClick={() => sort(key)}>
                  {t(name)}
                  <Arrow wanted={wanted} of={key} />
                </UnstyledButton>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.municipio}>
              {COLUMNS.map(([key, , cell]) =>
                key === 'name' ? (
                  <Table.Th key={key} scope="row" fw={500}>
                    {cell(row)}
                  </Table.Th>
                ) : (
                  <Table.Td key={key} ta="right">
                    {cell(row)}
                  </Table.Td>
                ),
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function sortOf(wanted: Wanted, key: SortKey): 'ascending' | 'descending' | undefined {
  if (wanted.sort !== key) return undefined
  return wanted.descending ? 'descending' : 'ascending'
}

function Arrow({ wanted, of }: { wanted: Wanted; of: SortKey }) {
  const Shape = wanted.sort !== of ? ArrowUpDown : wanted.descending ? ArrowDown : ArrowUp
  return <Shape size={14} aria-hidden className={wanted.sort === of ? 'no-print' : 'no-print faint'} />
}
