import { Alert, Anchor, Button, Stack, Text, Title } from '@mantine/core'
import { TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { Problem } from '~/api/problem'
import { Members } from '~/look/Members'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Permitted } from '~/look/Permitted'
import { Empty, Shown } from '~/look/Shown'
import { useMay } from '~/session/use'
import { DeliveryRows } from './DeliveryRows'
import { Acts, useEnable } from './EndpointActs'
import { type Endpoint as Found, useDeliveries, useEndpoint } from './queries'
import { EndpointSign } from './Signs'
import { WORDS } from './words'

const LATEST = 10

export default function Endpoint() {
  const { t } = useTranslation(WORDS)
  const { id = '' } = useParams()
  return (
    <Page title={t('endpoint')}>
      <Anchor component={Link} to="/endpoints" size="sm">
        {t('to_endpoints')}
      </Anchor>
      <Permitted permission="webhooks:read">
        <One id={id} />
      </Permitted>
    </Page>
  )
}

function One({ id }: { id: string }) {
  const { t } = useTranslation(WORDS)
  const endpoint = useEndpoint(id)
  if (endpoint.error instanceof Problem && endpoint.error.status === 404) return <Empty>{t('endpoint_gone')}</Empty>
  return (
    <Shown of={endpoint}>
      {(found) => (
        <Stack gap="lg">
          <Text ff="monospace" size="lg" style={{ overflowWrap: 'anywhere' }}>
            {found.url}
          </Text>
          <Warning endpoint={found} />
          <Acts endpoint={found} />
          <Members of={membersOf(found, t)} />
          <Latest id={id} />
        </Stack>
      )}
    </Shown>
  )
}

/** Why it is told nothing, or that it does not take what it is told; and what to do about it. */
function Warning({ endpoint }: { endpoint: Found }) {
  const { t } = useTranslation(WORDS)
  const may = useMay()('webhooks:write')
  const enable = useEnable(endpoint, true)
  if (endpoint.enabled)
    return endpoint.failing_since ? (
      <Alert color="yellow" icon={<TriangleAlert aria-hidden />} title={t('failing')} data-testid="warning">
        {t('failing_since')} <Moment at={endpoint.failing_since} exact />. {t('failing_text')}
      </Alert>
    ) : null
  const reason = endpoint.disabled_reason ?? 'owner'
  return (
    <Alert
      color={reason === 'owner' ? 'gray' : 'red'}
      icon={<TriangleAlert aria-hidden />}
      title={t(`disabled_${reason}`)}
      data-testid="warning"
    >
      <Text size="sm">
        {t(`disabled_${reason}_text`)} {endpoint.disabled_at && <Moment at={endpoint.disabled_at} exact />}
      </Text>
      {may && (
        <Button size="xs" variant="default" mt="xs" onClick={() => enable.mutate()} loading={enable.isPending}>
          {t('enable')}
        </Button>
      )}
    </Alert>
  )
}

function membersOf(endpoint: Found, t: (key: string) => string): [string, React.ReactNode][] {
  return [
    [t('state'), <EndpointSign key="state" endpoint={endpoint} />],
    [t('events'), endpoint.events.join(', ')],
    [t('signing'), t(`signing_${endpoint.signing}`)],
    [t('description'), endpoint.description || '–'],
    [t('created'), <Moment key="created" at={endpoint.created_at} exact />],
    [t('changed'), <Moment key="changed" at={endpoint.updated_at} exact />],
    [t('created_by'), endpoint.created_by],
    [t('id'), endpoint.id],
  ]
}

function Latest({ id }: { id: string }) {
  const { t } = useTranslation(WORDS)
  const deliveries = useDeliveries({ endpoint_id: id, per_page: LATEST })
  return (
    <section aria-labelledby="latest">
      <Title order={2} size="h4" id="latest" mb="sm">
        {t('latest')}
      </Title>
      <Shown of={deliveries}>
        {({ data }) => (
          <>
            <DeliveryRows rows={data} caption={t('latest')} empty={t('no_deliveries')} />
            {data.length > 0 && (
              <Anchor component={Link} to={`/deliveries?endpoint=${id}`} size="sm">
                {t('all_deliveries')}
              </Anchor>
            )}
          </>
        )}
      </Shown>
    </section>
  )
}
