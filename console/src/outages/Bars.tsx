import '@mantine/charts/styles.css'
import { BarChart } from '@mantine/charts'
import { useTranslation } from 'react-i18next'
import { number } from '~/words/formats'

export interface Bar {
  name: string
  planned: number
  unplanned: number
  out: number
}

/** Two colours that differ in brightness too, so that they can be told apart without seeing colours, and on paper. */
export default function Bars({ bars, height }: { bars: Bar[]; height: number }) {
  const { t } = useTranslation('outages')
  return (
    <BarChart
      h={height}
      data={bars.map(({ name, planned, unplanned }) => ({ name, planned, unplanned }))}
      dataKey="name"
      type="stacked"
      orientation="vertical"
      series={[
        { name: 'planned', label: t('planned'), color: 'var(--planned)' },
        { name: 'unplanned', label: t('unplanned'), color: 'var(--unplanned)' },
      ]}
      withLegend
      legendProps={{ verticalAlign: 'top' }}
      gridAxis="y"
      tickLine="none"
      valueFormatter={(value) => number(value)}
      maxBarWidth={24}
      xAxisProps={{ allowDecimals: false }}
      yAxisProps={{ width: 130, interval: 0 }}
      barProps={{ isAnimationActive: false }}
      barChartProps={{ accessibilityLayer: false }}
    />
  )
}
