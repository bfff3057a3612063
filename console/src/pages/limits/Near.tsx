import { Alert, Anchor, Badge, NativeSelect, SimpleGrid, Stack, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'
import { useAsked } from '~/look/asked'
import { Bar } from '~/look/Bar'
import { Moment } from '~/look/Moment'
import { Permitted } from '~/look/Permitted'
import { type Column, Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { useMay, useMe } from '~/session/use'
import { clock, number, share, stretch } from '~/words/formats'
import { placeOf } from './callers'

type Caller = components['schemas']['UseView']
type Usage = components['schemas']['NearView']

const EVERY = 10_000

export function Near() {
  return (
    <Permitted permission="usage:read">
      <Callers />
    </Permitted>
  )
}

function Callers() {
  const { t } = useTranslation(['limits', 'common'])
  const { get } = useAsked()
  const [tenant, policy] = [get('tenant'), get('policy')]
  const query = { tenant: tenant || undefined, policy: policy || undefined, limit: 100 }
  const usage = useQuery({
    queryKey: ['limits', 'usage', query],
    queryFn: () => answer(api.GET('/api/v2/limits/usage', { params: { query } })),
    refetchInterval: EVERY,
    placeholderData: keepPreviousData,
  })
  return (
    <Stack>
      <Filters />
      <Shown of={usage}>
        {({ data, warnings }) => (
          <>
            {(warnings ?? []).map((words) => (
              <Alert key={String(words)} role="status" color="yellow" icon={<TriangleAlert aria-hidden />}>
                {String(words)}
              </Alert>
            ))}
            <Count of={data} />
            <CallerRows usage={data} foreign={tenant !== ''} />
            <Text size="sm" c="dimmed">
              {t('as_of', { at: clock(new Date(usage.dataUpdatedAt).toISOString()), every: stretch(EVERY / 1000) })}{' '}
              {data.left_out > 0 && t('left_out', { count: data.left_out })}
            </Text>
          </>
        )}
      </Shown>
    </Stack>
  )
}

/** How many there are; who listens is told when that changes, and not at each look. */
function Count({ of: { near, refused_seconds, callers } }: { of: Usage }) {
  const { t } = useTranslation('limits')
  const terms = { share: share(near, 0), minutes: number(refused_seconds / 60) }
  return <Text role="status">{t('count', { count: callers.length, ...terms })}</Text>
}

function Filters() {
  const { t } = useTranslation(['limits', 'common'])
  const { get, put } = useAsked()
  const operator = useMay()('limits:read')
  const policies = useQuery({
    queryKey: ['limits', 'list'],
    queryFn: async () => (await answer(api.GET('/api/v2/limits'))).data,
    enabled: operator,
  })
  if (!operator) return null
  const tenant = get('tenant')
  const named = tenant && tenant !== 'all' ? [{ value: tenant, label: tenant }] : []
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} component="search">
      <NativeSelect
        label={t('whose')}
        value={tenant}
        onChange={(event) => put({ tenant: event.currentTarget.value })}
        data={[{ value: '', label: t('own_tenant') }, { value: 'all', label: t('all_tenants') }, ...named]}
      />
      <NativeSelect
        label={t('policy')}
        value={get('policy')}
        onChange={(event) => put({ policy: event.currentTarget.value })}
        data={[{ value: '', label: t('all', { ns: 'common' }) }, ...(policies.data ?? []).map(({ name }) => name)]}
      />
    </SimpleGrid>
  )
}

function CallerRows({ usage, foreign }: { usage: Usage; foreign: boolean }) {
  const { t } = useTranslation('limits')
  const columns: Column<Caller>[] = [
    { key: 'who', head: t('who'), cell: (one) => <Who is={one} /> },
    ...(foreign ? [{ key: 'tenant', head: t('tenant'), cell: (one: Caller) => <TenantOf is={one} /> }] : []),
    {
      key: 'policy',
      head: t('policy'),
      cell: (one) => (
        <>
          {one.policy}{' '}
          <Text span size="sm" c="dimmed">
            {number(one.quota)} / {stretch(one.window)}
          </Text>
        </>
      ),
    },
    { key: 'used', head: t('used'), align: 'right', cell: (one) => number(one.used) },
    {
      key: 'share',
      head: t('share'),
      cell: (one) => <Bar share={one.share} label={t('share_of', { who: one.policy })} />,
    },
    { key: 'state', head: t('state'), cell: (one) => <State of={one} /> },
    { key: 'refused', head: t('refused'), align: 'right', cell: (one) => number(one.refused) },
  ]
  return (
    <Rows
      caption={t('tabs.near')}
      columns={columns}
      rows={usage.callers}
      id={(one) => [one.policy, one.tenant.id, one.kind, one.id, one.address].join(' ')}
      empty={t('nobody')}
    />
  )
}

/** Whom it counts, by the public id; a link where this page knows of a place for them. */
function Who({ is }: { is: Caller }) {
  const { t } = useTranslation('limits')
  const me = useMe()
  const place = is.tenant.id === me.data?.tenant.id ? placeOf(is.id) : null
  const words = is.id?.split(':')[1] ?? is.address ?? ''
  return (
    <>
      {t(`kinds.${is.kind}`)} {is.label && <span style={{ overflowWrap: 'anywhere' }}>{is.label}</span>}
      <Text size="xs" ff="monospace" fw={400} style={{ overflowWrap: 'anywhere' }}>
        {place ? (
          <Anchor component={Link} to={place} inherit underline="always">
            {words}
          </Anchor>
        ) : (
          words
        )}
      </Text>
    </>
  )
}

function TenantOf({ is: { tenant } }: { is: Caller }) {
  const may = useMay()('tenants:read')
  if (!may) return <>{tenant.slug ?? tenant.id}</>
  return (
    <Anchor component={Link} to={`/tenants/${tenant.id}`} underline="always">
      {tenant.slug ?? tenant.id}
    </Anchor>
  )
}

function State({ of: { open, opens_at, mode } }: { of: Caller }) {
  const { t } = useTranslation('limits')
  if (mode === 'shadow') return <Badge variant="default">{t('states.shadow')}</Badge>
  if (open === null) return <>{t('states.unknown')}</>
  if (open) return <>{t('states.open')}</>
  return (
    <>
      <Badge color="red" variant="light">
        {t('states.closed')}
      </Badge>{' '}
      <Text size="sm" span>
        {t('opens')} <Moment at={opens_at} />
      </Text>
    </>
  )
}
