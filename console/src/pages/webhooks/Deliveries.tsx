import { Anchor, Button, NativeSelect, SimpleGrid } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { RefreshCw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { type Asked, useAsked } from '~/look/asked'
import { LiveBadge } from '~/look/Connection'
import { Page } from '~/look/Page'
import { Pager } from '~/look/Pager'
import { Permitted } from '~/look/Permitted'
import { Shown } from '~/look/Shown'
import { DeliveryRows } from './DeliveryRows'
import { type Delivery, useDeliveries, useEndpoints, useEvents } from './queries'
import { WORDS } from './words'

const STATES = ['pending', 'delivered', 'failed'] as const
const MOST = 100

export default function Deliveries() {
  const { t } = useTranslation(WORDS)
  const client = useQueryClient()
  return (
    <Page
      title={t('deliveries')}
      about={t('deliveries_about')}
      actions={
        <>
          <LiveBadge />
          <Button
            variant="default"
            leftSection={<RefreshCw size={16} aria-hidden />}
            onClick={() => void client.invalidateQueries({ queryKey: ['webhooks'] })}
          >
            {t('refresh', { ns: 'common' })}
          </Button>
        </>
      }
    >
      <Permitted permission="webhooks:read">
        <List />
      </Permitted>
    </Page>
  )
}

function List() {
  const { t } = useTranslation(WORDS)
  const asked = useAsked()
  const endpoints = useEndpoints({ per_page: MOST })
  const urls = new Map(endpoints.data?.data.map(({ id, url }) => [id, url]))
  const filters = ['endpoint', 'state', 'event'].map(asked.get)
  const [endpoint, state, event] = filters
  const deliveries = useDeliveries({
    endpoint_id: endpoint || undefined,
    state: (state as Delivery['state']) || undefined,
    event: event || undefined,
    page: asked.page,
  })
  return (
    <>
      <Filters asked={asked} urls={urls} />
      <Shown of={deliveries}>
        {({ data, meta }) => (
          <>
            <DeliveryRows
              rows={data}
              caption={t('deliveries')}
              empty={filters.some(Boolean) ? t('nothing_found', { ns: 'common' }) : t('no_deliveries')}
              receiver={(delivery) => <Receiver delivery={delivery} urls={urls} />}
            />
            <Pager pagination={meta.pagination} go={(page) => asked.put({ page: String(page) })} />
          </>
        )}
      </Shown>
    </>
  )
}

function Filters({ asked: { get, put }, urls }: { asked: Asked; urls: Map<string, string> }) {
  const { t } = useTranslation(WORDS)
  const names = (useEvents().data ?? []).map(({ name }) => name)
  const all = { value: '', label: t('all', { ns: 'common' }) }
  const chosen = get('endpoint')
  const endpoints = [...urls].map(([value, label]) => ({ value, label }))
  if (chosen && !urls.has(chosen)) endpoints.push({ value: chosen, label: chosen })
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} component="search">
      <NativeSelect
        label={t('endpoint')}
        value={chosen}
        onChange={(event) => put({ endpoint: event.currentTarget.value })}
        data={[all, ...endpoints]}
      />
      <NativeSelect
        label={t('state')}
        value={get('state')}
        onChange={(event) => put({ state: event.currentTarget.value })}
        data={[all, ...STATES.map((state) => ({ value: state, label: t(`state_${state}`) }))]}
      />
      <NativeSelect
        label={t('event')}
        value={get('event')}
        onChange={(event) => put({ event: event.currentTarget.value })}
        data={[all, ...names]}
      />
    </SimpleGrid>
  )
}

function Receiver({ delivery: { endpoint_id, url }, urls }: { delivery: Delivery; urls: Map<string, string> }) {
  const { t } = useTranslation(WORDS)
  if (!endpoint_id) return <>{url ?? '–'}</>
  const known = urls.get(endpoint_id)
  if (!known) return <>{t('endpoint_deleted')}</>
  return (
    <Anchor component={Link} to={`/endpoints/${endpoint_id}`} size="sm" style={{ overflowWrap: 'anywhere' }}>
      {known}
    </Anchor>
  )
}
