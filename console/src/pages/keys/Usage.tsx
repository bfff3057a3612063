import { Alert, Group, Stack, Text, Title } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { useAsked } from '~/look/asked'
import { freshFor, type Period, PeriodPicker, periodOf } from '~/look/Period'
import { Series } from '~/look/Series'
import { Shown } from '~/look/Shown'
import { bytes, number } from '~/words/formats'
import { Facts } from './Facts'

interface Props {
  kind: 'key' | 'client'
  id: string
}

/** How much it was used, and how its requests were answered. */
export function Usage({ kind, id }: Props) {
  const { t } = useTranslation('keys')
  const asked = useAsked()
  const period = periodOf(asked.get('period'))
  const usage = useQuery({
    queryKey: ['usage', kind, id, period],
    queryFn: () => read(kind, id, period),
    placeholderData: keepPreviousData,
    refetchInterval: freshFor(period),
  })
  return (
    <Stack gap="sm" component="section" aria-labelledby="usage">
      <Group justify="space-between">
        <Title order={2} size="h4" id="usage">
          {t('usage')}
        </Title>
        <PeriodPicker value={period} put={(chosen) => asked.put({ period: chosen })} />
      </Group>
      <Shown of={usage}>
        {({ data, warnings }) => (
          <>
            {warnings.map((words) => (
              <Alert key={words} color="yellow" icon={<TriangleAlert aria-hidden />}>
                {words}
              </Alert>
            ))}
            <Facts
              facts={[
                [t('requests'), number(data.totals.requests)],
                [t('errors'), number(data.totals.errors)],
                [t('refused'), number(data.totals.refused)],
                [t('limited'), number(data.totals.limited)],
                [t('sent'), bytes(data.totals.bytes_sent)],
              ]}
            />
            <Series
              title={t('requests')}
              points={data.series}
              resolution={data.resolution}
              format={(value) => number(value)}
              lines={[
                { name: 'requests', label: t('requests'), color: 'teal.8' },
                { name: 'errors', label: t('errors'), color: 'red.7', dashes: '2 3' },
                { name: 'limited', label: t('limited'), color: 'grape.6', dashes: '6 3' },
              ]}
            />
          </>
        )}
      </Shown>
      <Text size="sm" c="dimmed">
        {t('usage_hint')}
      </Text>
    </Stack>
  )
}

function read(kind: Props['kind'], id: string, period: Period) {
  const query = { period }
  return kind === 'key'
    ? answer(api.GET('/api/v2/keys/{key_id}/usage', { params: { path: { key_id: id }, query } }))
    : answer(
        api.GET('/api/v2/oauth-clients/{oauth_client_id}/usage', { params: { path: { oauth_client_id: id }, query } }),
      )
}
