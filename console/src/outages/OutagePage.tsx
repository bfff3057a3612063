import './outages.css'
import { Alert, Button, Container, Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Printer, TriangleAlert } from 'lucide-react'
import { useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useLive, useStanding } from '~/live/use'
import { ConnectionBanner, LiveBadge } from '~/look/Connection'
import { Preferences } from '~/look/Preferences'
import { Shown } from '~/look/Shown'
import { prefix } from '~/place'
import { Announced } from './Announced'
import { Bands } from './Bands'
import { gathered } from './gathered'
import { Municipios } from './Municipios'
import { type Summary, summaryQuery } from './summary'
import { Totals } from './Totals'
import { brasilia } from './words'

const SETTLED = 1_000

/** Who is without power now: for everybody, live, and on paper. */
export function OutagePage() {
  const { t } = useTranslation(['outages', 'common'])
  const query = useFresh()
  useEffect(() => {
    document.title = t('title')
  }, [t])
  return (
    <>
      <a className="skip" href="#content">
        {t('skip', { ns: 'common' })}
      </a>
      <Bar />
      <Container component="main" id="content" size="lg" py="lg" tabIndex={-1}>
        <Stack gap="lg">
          <div>
            <Title order={1} size="h2">
              {t('title')}
            </Title>
            <div className="no-print">
              <ConnectionBanner />
            </div>
            <Stale shown={query.data?.stale === true || (query.data !== undefined && query.failureCount > 1)} />
          </div>
          <Shown of={query}>{({ summary }) => <Content summary={summary} />}</Shown>
          <Text size="sm" c="dimmed">
            {t('about')}
          </Text>
        </Stack>
      </Container>
    </>
  )
}

/** The summary, read anew when something has changed, and when the server was away. */
function useFresh() {
  const query = useQuery(summaryQuery)
  const { refetch } = query
  const soon = useMemo(() => gathered(() => void refetch(), SETTLED), [refetch])
  useLive('outages', soon, soon)
  const open = useStanding() === 'open'
  useEffect(() => {
    if (open) void refetch()
  }, [open, refetch])
  return query
}

function Bar() {
  const { t } = useTranslation('outages')
  return (
    <Container component="header" size="lg" pt="sm" className="no-print">
      <Group justify="space-between">
        <Group gap="xs">
          <img src={`${prefix}/docs/assets/icon.svg`} alt="" width={28} height={28} />
          <LiveBadge />
        </Group>
        <Group gap="xs">
          <Button
            variant="default"
            size="xs"
            leftSection={<Printer size={16} aria-hidden />}
            onClick={() => window.print()}
          >
            {t('print')}
          </Button>
          <Preferences />
        </Group>
      </Group>
    </Container>
  )
}

function Stale({ shown }: { shown: boolean }) {
  const { t } = useTranslation('outages')
  return (
    <div role="status">
      {shown && (
        <Alert color="yellow" mt="md" icon={<TriangleAlert aria-hidden />}>
          {t('stale')}
        </Alert>
      )}
    </div>
  )
}

function Content({ summary }: { summary: Summary }) {
  const { t } = useTranslation('outages')
  return (
    <Stack gap="xl">
      <div>
        <Announced totals={summary.totals} />
        <Text c="dimmed" data-testid="as-of">
          {t('as_of', { at: brasilia(summary.as_of) })}
        </Text>
      </div>
      <Totals summary={summary} />
      <Municipios all={summary.municipios} />
      <Bands bands={summary.bands} />
    </Stack>
  )
}
