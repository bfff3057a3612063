import type { TFunction } from 'i18next'
import type { Column } from '~/look/Rows'
import { milliseconds, number, share } from '~/words/formats'
import type { Figures } from './queries'

/** The columns of whatever requests are summed by. */
export function figureColumns(t: TFunction<'overview'>): Column<Figures>[] {
  const right = { align: 'right' as const }
  const time = (value: number | null) => (value === null ? '–' : milliseconds(value))
  return [
    { key: 'requests', head: t('requests'), cell: ({ requests }) => number(requests), ...right },
    { key: 'p50', head: 'p50', cell: ({ latency_ms }) => time(latency_ms.p50), ...right },
    { key: 'p95', head: 'p95', cell: ({ latency_ms }) => time(latency_ms.p95), ...right },
    { key: 'p99', head: 'p99', cell: ({ latency_ms }) => time(latency_ms.p99), ...right },
    { key: 'errors', head: t('errors'), cell: ({ error_rate }) => share(error_rate, 2), ...right },
    { key: 'limited', head: t('limited'), cell: ({ limited }) => number(limited), ...right },
  ]
}
