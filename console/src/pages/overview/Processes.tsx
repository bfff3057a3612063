import { Stack, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Moment } from '~/look/Moment'
import { Rows } from '~/look/Rows'
import { bytes, milliseconds, number, share } from '~/words/formats'
import type { Traffic } from './queries'

/** What the house's processes used in the period, for operators. */
export function Processes({ traffic }: { traffic: Traffic }) {
  const { t } = useTranslation('overview')
  const { processes } = traffic.resources
  if (!processes) return null
  const right = { align: 'right' as const }
  return (
    <Stack gap="xs" component="section" aria-labelledby="processes">
      <Title order={2} size="h4" id="processes">
        {t('processes')}
      </Title>
      <Rows
        caption={t('processes')}
        rows={processes}
        id={({ name, seen_at }) => name + seen_at}
        empty={t('no_processes')}
        columns={[
          { key: 'name', head: t('process'), cell: ({ name }) => name },
          { key: 'seen', head: t('seen'), cell: ({ seen_at }) => <Moment at={seen_at} /> },
          {
            key: 'cpu',
            head: t('cpu'),
            cell: ({ cpu_share }) => (cpu_share === null ? '–' : share(cpu_share)),
            ...right,
          },
          { key: 'memory', head: t('memory'), cell: ({ memory_bytes }) => bytes(memory_bytes), ...right },
          { key: 'lag', head: t('loop_lag'), cell: ({ loop_lag_ms }) => milliseconds(loop_lag_ms), ...right },
          {
            key: 'connections',
            head: t('connections'),
            cell: ({ connections, most_connections }) => `${number(connections)} / ${number(most_connections)}`,
            ...right,
          },
        ]}
      />
    </Stack>
  )
}
