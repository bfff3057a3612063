import { Skeleton, Text } from '@mantine/core'
import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Broken } from '~/look/Broken'
import { part } from '~/look/loaded'
import { number } from '~/words/formats'
import type { Bar } from './Bars'

const Bars = part(() => import('./Bars'))
const TOLD = 3
const [AROUND, EACH] = [64, 30]

interface Props {
  /** What the chart shows. */
  what: string
  bars: Bar[]
}

/** Planned and unplanned as bars. It only repeats a table; who cannot see it hears what stands out. */
export function Chart({ what, bars }: Props) {
  const { t } = useTranslation('outages')
  if (bars.every(({ out }) => out === 0)) return <Text c="dimmed">{t('chart_empty')}</Text>
  const height = AROUND + EACH * bars.length
  const most = [...bars].sort((a, b) => b.out - a.out).slice(0, TOLD)
  const said = most.filter(({ out }) => out > 0).map(({ name, out }) => t('chart_one', { name, out: number(out) }))
  return (
    <Broken instead={<Text c="dimmed">{t('chart_away')}</Text>}>
      <div role="img" aria-label={t('chart_says', { what, most: said.join(', ') })} className="chart">
        <Suspense fallback={<Skeleton height={height} />}>
          <Bars bars={bars} height={height} />
        </Suspense>
      </div>
    </Broken>
  )
}
