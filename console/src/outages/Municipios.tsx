import { Group, SegmentedControl, Stack, Switch, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Search } from '~/look/Search'
import { Chart } from './Chart'
import { MunicipioTable } from './MunicipioTable'
import { FIRST, type Kind, rowsOf, sortedBy, type Wanted } from './rows'
import type { Municipio } from './summary'

const MOST_BARS = 20

/** Who is out in each município: what is sought, drawn and as a table. */
export function Municipios({ all }: { all: Municipio[] }) {
  const { t } = useTranslation('outages')
  const [wanted, setWanted] = useState(FIRST)
  const rows = rowsOf(all, wanted, (code) => t('unknown', { code }))
  const drawn = [...rows].sort((a, b) => b.out - a.out).filter(({ out }) => out > 0)
  if (all.length === 0) return <Text c="dimmed">{t('none')}</Text>
  return (
    <Stack component="section" gap="md" aria-labelledby="by-municipio">
      <Title order={2} size="h3" id="by-municipio">
        {t('by_municipio')}
      </Title>
      <Controls wanted={wanted} put={(changes) => setWanted({ ...wanted, ...changes })} />
      <Text size="sm" c="dimmed" role="status" data-testid="shown">
        {t('shown', { shown: rows.length, all: all.length })}
      </Text>
      <Chart what={t('by_municipio')} bars={drawn.slice(0, MOST_BARS)} />
      {drawn.length > MOST_BARS && (
        <Text size="sm" c="dimmed">
          {t('chart_most', { count: MOST_BARS })}
        </Text>
      )}
      <MunicipioTable rows={rows} wanted={wanted} sort={(key) => setWanted(sortedBy(wanted, key))} />
    </Stack>
  )
}

function Controls({ wanted, put }: { wanted: Wanted; put: (changes: Partial<Wanted>) => void }) {
  const { t } = useTranslation('outages')
  const kinds = (['all', 'planned', 'unplanned'] as const).map((value) => ({ value, label: t(value) }))
  return (
    <Group align="flex-end" className="no-print">
      <Search label={t('search')} value={wanted.search} put={(search) => put({ search })} />
      <SegmentedControl
        aria-label={t('kind')}
        data={kinds}
        value={wanted.kind}
        onChange={(kind) => put({ kind: kind as Kind })}
      />
      <Switch
        label={t('only_out')}
        checked={wanted.onlyOut}
        onChange={(event) => put({ onlyOut: event.currentTarget.checked })}
        pb={8}
      />
    </Group>
  )
}
