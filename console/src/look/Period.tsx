import { SegmentedControl } from '@mantine/core'
import { useTranslation } from 'react-i18next'

const PERIODS = ['1h', '24h', '7d', '30d'] as const
export type Period = (typeof PERIODS)[number]

/** The period that a text names; a day for what is none. */
export const periodOf = (text: string): Period => PERIODS.find((one) => one === text) ?? '24h'

/** Milliseconds after which figures of the period are read anew: they change as slowly as their unit is long. */
export const freshFor = (period: Period): number => (period === '1h' ? 10_000 : period === '24h' ? 30_000 : 60_000)

/** How far back one looks. */
export function PeriodPicker({ value, put }: { value: Period; put: (period: Period) => void }) {
  const { t } = useTranslation()
  return (
    <SegmentedControl
      aria-label={t('series.period')}
      value={value}
      onChange={(period) => put(periodOf(period))}
      data={PERIODS.map((period) => ({ value: period, label: t(`series.periods.${period}`) }))}
    />
  )
}
