import { Table } from '@mantine/core'
import type { ReactNode } from 'react'
import { Empty } from './Shown'

export interface Column<T> {
  key: string
  head: ReactNode
  cell: (row: T) => ReactNode
  /** Numbers stand at the right. */
  align?: 'right'
}

interface Props<T> {
  /** What the table shows, for who cannot see it. */
  caption: string
  columns: Column<T>[]
  rows: T[]
  id: (row: T) => string
  empty?: ReactNode
}

/** Pixels that a column needs to be read, and those of a table that has room beside the menu. */
const COLUMN = 140
const WIDEST = 900

/** A table that scrolls within itself where the screen is narrow. The first column names its row. */
export function Rows<T>({ caption, columns, rows, id, empty }: Props<T>) {
  if (rows.length === 0) return <Empty>{empty}</Empty>
  return (
    <Table.ScrollContainer
      minWidth={Math.min(columns.length * COLUMN, WIDEST)}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': caption } }}
    >
      <Table highlightOnHover verticalSpacing="sm" aria-label={caption}>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ key, head, align }) => (
              <Table.Th key={key} scope="col" ta={align}>
                {head}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={id(row)}>
              {columns.map(({ key, cell, align }, place) =>
                place === 0 ? (
                  <Table.Th key={key} scope="row" fw={500} ta={align}>
                    {cell(row)}
                  </Table.Th>
                ) : (
                  <Table.Td key={key} ta={align}>
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
