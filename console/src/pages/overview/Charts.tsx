import { SimpleGrid } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Series } from '~/look/Series'
import { milliseconds, number, stretch } from '~/words/formats'
import type { Traffic } from './queries'

const NEAR = 'teal.8'
const FAR = 'grape.6'
const LAST = 'red.7'

/** The period's course: for everybody what was asked, for operators what the house had before it. */
export function Charts({ traffic: { series, work, resolution } }: { traffic: Traffic }) {
  const { t } = useTranslation('overview')
  const whole = (value: number) => number(value)
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <Series
        title={t('requests')}
        points={series}
        resolution={resolution}
        format={whole}
        lines={[{ name: 'requests', label: t('requests'), color: NEAR }]}
      />
      <Series
        title={t('latency_course')}
        about={t('latency_is')}
        points={series}
        resolution={resolution}
        format={milliseconds}
        lines={[
          { name: 'p50', label: 'p50', color: NEAR },
          { name: 'p95', label: 'p95', color: FAR, dashes: '6 3' },
          { name: 'p99', label: 'p99', color: LAST, dashes: '2 3' },
        ]}
      />
      <Series
        title={t('trouble')}
        about={t('trouble_is')}
        points={series}
        resolution={resolution}
        format={whole}
        lines={[
          { name: 'errors', label: t('errors'), color: LAST },
          { name: 'limited', label: t('limited'), color: FAR, dashes: '6 3' },
        ]}
      />
      {work && (
        <>
          <Series
            title={t('outbox_lag')}
            about={t('outbox_lag_is')}
            points={work}
            resolution={resolution}
            format={stretch}
            lines={[{ name: 'outbox_lag', label: t('outbox_lag'), color: NEAR }]}
          />
          <Series
            title={t('jobs')}
            about={t('jobs_are')}
            points={work}
            resolution={resolution}
            format={whole}
            lines={[
              { name: 'jobs_waiting', label: t('jobs_waiting'), color: FAR, dashes: '6 3' },
              { name: 'jobs_running', label: t('jobs_running'), color: NEAR },
              { name: 'jobs_dead', label: t('jobs_dead'), color: LAST, dashes: '2 3' },
            ]}
          />
          <Series
            title={t('waiting')}
            about={t('waiting_is')}
            points={work}
            resolution={resolution}
            format={whole}
            lines={[
              { name: 'outbox_waiting', label: t('facts'), color: NEAR },
              { name: 'deliveries_waiting', label: t('deliveries'), color: FAR, dashes: '6 3' },
            ]}
          />
        </>
      )}
    </SimpleGrid>
  )
}
