import { Card, SimpleGrid, Text } from '@mantine/core'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { bytes, milliseconds, number, share, stretch } from '~/words/formats'
import type { Traffic } from './queries'

/** The period in a few figures, and how the house, or the tenant itself, stands now. */
export function Totals({ traffic }: { traffic: Traffic }) {
  const { t } = useTranslation('overview')
  const { totals, resources, work } = traffic
  const { p50, p95 } = totals.latency_ms
  const time = (value: number | null) => (value === null ? '–' : milliseconds(value))
  const own = resources.tenant
  const now = work?.findLast((point) => point.jobs_waiting !== null)
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 4 }} component="section" aria-label={t('totals')}>
      <Figure
        label={t('requests')}
        value={number(totals.requests)}
        more={t('a_second', { rate: number(totals.rate_per_second, 2) })}
      />
      <Figure label={t('error_rate')} value={share(totals.error_rate, 2)} more={t('error_rate_is')} />
      <Figure label={t('latency')} value={time(p95)} more={t('p50_is', { p50: time(p50) })} />
      <Figure label={t('limited')} value={number(totals.limited)} more={t('limited_is')} />
      <Figure label={t('sent')} value={bytes(totals.bytes_sent)} />
      {now && (
        <>
          <Figure
            label={t('outbox_lag')}
            value={now.outbox_lag === null ? '–' : stretch(now.outbox_lag)}
            more={t('facts_wait', { count: now.outbox_waiting ?? 0 })}
          />
          <Figure
            label={t('jobs')}
            value={t('jobs_now', { waiting: number(now.jobs_waiting ?? 0), running: number(now.jobs_running ?? 0) })}
            more={t('dead', { count: now.jobs_dead ?? 0 })}
          />
          <Figure label={t('deliveries')} value={number(now.deliveries_waiting ?? 0)} more={t('deliveries_wait')} />
        </>
      )}
      {!now && own && (
        <>
          <Figure
            label={t('jobs')}
            value={t('jobs_now', { waiting: number(own.jobs.waiting), running: number(own.jobs.running) })}
            more={t('dead', { count: own.jobs.dead })}
          />
          <Figure label={t('deliveries')} value={number(own.deliveries.waiting)} more={t('deliveries_wait')} />
        </>
      )}
      {own && (
        <Figure label={t('files')} value={bytes(own.files.bytes)} more={t('files_kept', { count: own.files.number })} />
      )}
    </SimpleGrid>
  )
}

function Figure({ label, value, more }: { label: string; value: string; more?: string }) {
  const id = useId()
  return (
    <Card withBorder padding="sm" role="group" aria-labelledby={id}>
      <Text size="sm" c="dimmed" id={id}>
        {label}
      </Text>
      <Text size="xl" fw={650} style={{ fontVariantNumeric: 'tabular-nums' }}>
        {value}
      </Text>
      {more && (
        <Text size="xs" c="dimmed">
          {more}
        </Text>
      )}
    </Card>
  )
}
