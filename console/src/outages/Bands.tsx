import { SimpleGrid, Stack, Table, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { number } from '~/words/formats'
import { Chart } from './Chart'
import type { Band } from './summary'

/** For how long those who are out have been so. */
export function Bands({ bands }: { bands: Band[] }) {
  const { t } = useTranslation('outages')
  const bars = bands.map(({ from_hours, planned, unplanned }) => ({
    name: t(`hours.${from_hours}`),
    planned,
    unplanned,
    out: planned + unplanned,
  }))
  return (
    <Stack component="section" gap="md" aria-labelledby="by-duration">
      <Title order={2} size="h3" id="by-duration">
        {t('by_duration')}
      </Title>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
        <Chart what={t('by_duration')} bars={bars} />
        <BandTable bands={bands} />
      </SimpleGrid>
    </Stack>
  )
}

function BandTable({ bands }: { bands: Band[] }) {
  const { t } = useTranslation('outages')
  const what = t('by_duration')
  return (
    <Table.ScrollContainer minWidth={340} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': what } }}>
      <Table tabularNums fz="sm" horizontalSpacing={4} aria-label={what} data-testid="bands">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('duration')}</Table.Th>
            {['planned', 'unplanned', 'out'].map((name) => (
              <Table.Th key={name} scope="col" ta="right">
                {t(name)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {bands.map(({ from_hours, planned, unplanned }) => (
            <Table.Tr key={from_hours}>
              <Table.Th scope="row" fw={500}>
                {t(`hours.${from_hours}`)}
              </Table.Th>
              {[planned, unplanned, planned + unplanned].map((value, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a cell is known by its column
                <Table.Td key={place} ta="right">
                  {number(value)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
