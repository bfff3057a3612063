import '@mantine/charts/styles.css'
import { LineChart } from '@mantine/charts'
import { Button, Card, Group, Stack, Text, Title } from '@mantine/core'
import { ChartLine, Table as TableIcon } from 'lucide-react'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { day, moment } from '~/words/formats'
import { locale } from '~/words/words'
import { Rows } from './Rows'
import { alone, type Point, type Resolution, tick, told } from './series'

export interface Line {
  name: string
  label: string
  color: string
  /** Lines are told apart by their dashes too. */
  dashes?: string
}

interface Props {
  title: string
  about?: string
  points: Point[]
  lines: Line[]
  resolution: Resolution
  format: (value: number) => string
}

/** A chart of a time: to look at, as one sentence for each line to be read out, and as a table. */
export function Series({ title, about, points, lines, resolution, format }: Props) {
  const { t } = useTranslation()
  const id = useId()
  const [asTable, setAsTable] = useState(false)
  const when = (at: string) => (resolution === 'day' ? day(at) : moment(at))
  return (
    <Card withBorder component="section" aria-labelledby={id} p="md">
      <Stack gap="xs">
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <div>
            <Title order={2} size="h5" id={id}>
              {title}
            </Title>
            {about && (
              <Text size="sm" c="dimmed">
                {about}
              </Text>
            )}
          </div>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => setAsTable(!asTable)}
            leftSection={asTable ? <ChartLine size={14} aria-hidden /> : <TableIcon size={14} aria-hidden />}
            aria-label={`${t(asTable ? 'series.as_chart' : 'series.as_table')}: ${title}`}
            className="no-print"
            flex="none"
          >
            {t(asTable ? 'series.as_chart' : 'series.as_table')}
          </Button>
        </Group>
        {asTable ? (
          <Points title={title} points={points} lines={lines} format={format} when={when} />
        ) : (
          <Drawn {...{ title, points, lines, resolution, format, when }} />
        )}
      </Stack>
    </Card>
  )
}

/** Points that are few enough to show each of them. */
const FEW = 40

interface DrawnProps extends Omit<Props, 'about'> {
  when: (at: string) => string
}

function Drawn({ title, points, lines, resolution, format, when }: DrawnProps) {
  const { t } = useTranslation()
  const said = lines.flatMap(({ name, label }) => {
    const line = told(points, name)
    if (!line) return []
    return t('series.line', { label, last: format(line.last), most: format(line.most), at: when(line.at) })
  })
  if (said.length === 0)
    return (
      <Text c="dimmed" ta="center" py="xl">
        {t('series.nothing')}
      </Text>
    )
  const days = resolution !== 'minute' && points.length > 30
  return (
    <div role="img" aria-label={`${title}. ${said.join(' ')}`}>
      <LineChart
        h={220}
        data={points}
        dataKey="at"
        series={lines.map(({ name, label, color, dashes }) => ({ name, label, color, strokeDasharray: dashes }))}
        valueFormatter={format}
        curveType="monotone"
        withLegend={lines.length > 1}
        connectNulls={false}
        accessibilityLayer={false}
        lineProps={({ name }) => ({
          isAnimationActive: false,
          // Among many points only those are dotted that would be invisible otherwise.
          dot: ({ key, cx, cy, index, stroke }) =>
            points.length < FEW || alone(points, String(name), index) ? (
              <circle key={key} cx={cx} cy={cy} r={2} fill={stroke} stroke={stroke} />
            ) : (
              <g key={key} />
            ),
        })}
        xAxisProps={{ tickFormatter: (at: string) => tick(at, resolution, days, locale()), minTickGap: 32 }}
        yAxisProps={{ width: 64, allowDecimals: false }}
        tooltipProps={{ labelFormatter: (at) => (typeof at === 'string' ? when(at) : '') }}
      />
    </div>
  )
}

function Points({ title, points, lines, format, when }: Omit<DrawnProps, 'resolution'>) {
  const { t } = useTranslation()
  const shown = (value: Point[string] | undefined) => (typeof value === 'number' ? format(value) : '–')
  return (
    <div style={{ maxHeight: 320, overflowY: 'auto' }}>
      <Rows
        caption={title}
        rows={[...points].reverse()}
        id={(point) => point.at}
        columns={[
          { key: 'at', head: t('series.time'), cell: (point: Point) => when(point.at) },
          ...lines.map(({ name, label }) => ({
            key: name,
            head: label,
            align: 'right' as const,
            cell: (point: Point) => shown(point[name]),
          })),
        ]}
      />
    </div>
  )
}
