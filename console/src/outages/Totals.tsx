import { Paper, SimpleGrid, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { number, share } from '~/words/formats'
import type { Summary } from './summary'
import { atLeastSome } from './words'

export function Totals({ summary: { totals, municipios } }: { summary: Summary }) {
  const { t } = useTranslation('outages')
  const affected = municipios.filter((one) => one.planned + one.unplanned > 0).length
  return (
    <SimpleGrid component="dl" cols={{ base: 2, sm: 4 }} className="totals">
      <Total name={t('out')} value={number(totals.planned + totals.unplanned)}>
        {t('of_served', { share: share(atLeastSome(totals.share), 2) })}
      </Total>
      <Total name={t('unplanned')} value={number(totals.unplanned)} kind="unplanned" />
      <Total name={t('planned')} value={number(totals.planned)} kind="planned" />
      <Total name={t('places')} value={number(affected)}>
        {t('of_places', { count: municipios.length })}
      </Total>
    </SimpleGrid>
  )
}

interface Props {
  name: string
  value: string
  kind?: 'planned' | 'unplanned'
  children?: ReactNode
}

function Total({ name, value, kind, children }: Props) {
  return (
    <Paper withBorder p="md" component="div">
      <Text component="dt" size="sm" c="dimmed">
        {kind && <span className={`sign ${kind}`} aria-hidden />}
        {name}
      </Text>
      <Text component="dd" size="xl" fw={650}>
        {value}
      </Text>
      {children && (
        <Text component="dd" size="sm" c="dimmed">
          {children}
        </Text>
      )}
    </Paper>
  )
}
