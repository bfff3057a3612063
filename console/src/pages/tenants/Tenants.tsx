import { Anchor, Badge, Button, NativeSelect, SimpleGrid } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { answer, api } from '~/api/client'
import { type Asked, useAsked } from '~/look/asked'
import { Dialog } from '~/look/Dialog'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Pager } from '~/look/Pager'
import { Permitted } from '~/look/Permitted'
import { type Column, Rows } from '~/look/Rows'
import { Search } from '~/look/Search'
import { Shown } from '~/look/Shown'
import { useMay } from '~/session/use'
import { addWords } from '~/words/words'
import en from './en.json'
import { NewTenant } from './NewTenant'
import { usePlanNames } from './plans'
import ptBR from './pt-BR.json'
import type { Tenant } from './tenant'

addWords('tenants', en, ptBR)

const ORDERS = ['created_at', 'slug', 'name'] as const
const orderOf = (text: string) => ORDERS.find((order) => order === text)

export default function Tenants() {
  const { t } = useTranslation(['tenants', 'common'])
  const may = useMay()
  const asked = useAsked()
  const [making, setMaking] = useState(false)
  return (
    <Page
      title={t('title')}
      about={t('about')}
      actions={
        may('tenants:write') && (
          <Button leftSection={<Plus size={16} aria-hidden />} onClick={() => setMaking(true)}>
            {t('new')}
          </Button>
        )
      }
    >
      <Permitted permission="tenants:read">
        <Filters asked={asked} />
        <Found asked={asked} />
        <Dialog title={t('new')} opened={making} close={() => setMaking(false)}>
          <NewTenant done={() => setMaking(false)} />
        </Dialog>
      </Permitted>
    </Page>
  )
}

function Filters({ asked: { get, put } }: { asked: Asked }) {
  const { t } = useTranslation(['tenants', 'common'])
  const plans = usePlanNames()
  const all = { value: '', label: t('all', { ns: 'common' }) }
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} component="search">
      <Search
        label={t('search', { ns: 'common' })}
        placeholder={t('search_for')}
        value={get('search')}
        put={(search) => put({ search })}
      />
      <NativeSelect
        label={t('plan')}
        value={get('plan')}
        onChange={(event) => put({ plan: event.currentTarget.value })}
        data={[all, ...plans]}
      />
      <NativeSelect
        label={t('state')}
        value={get('enabled')}
        onChange={(event) => put({ enabled: event.currentTarget.value })}
        data={[all, { value: 'true', label: t('enabled') }, { value: 'false', label: t('disabled') }]}
      />
      <NativeSelect
        label={t('sort')}
        value={orderOf(get('sort_by')) ?? 'created_at'}
        onChange={(event) => put({ sort_by: event.currentTarget.value })}
        data={ORDERS.map((order) => ({ value: order, label: t(`orders.${order}`) }))}
      />
    </SimpleGrid>
  )
}

function Found({ asked }: { asked: Asked }) {
  const { t } = useTranslation(['tenants', 'common'])
  const query = {
    page: asked.page,
    search: asked.get('search') || undefined,
    plan: asked.get('plan') || undefined,
    enabled: asked.get('enabled') ? asked.get('enabled') === 'true' : undefined,
    sort_by: orderOf(asked.get('sort_by')),
  }
  const tenants = useQuery({
    queryKey: ['tenants', 'list', query],
    queryFn: () => answer(api.GET('/api/v2/tenants', { params: { query } })),
    placeholderData: keepPreviousData,
  })
  const columns: Column<Tenant>[] = [
    {
      key: 'name',
      head: t('name'),
      cell: (tenant) => (
        <Anchor component={Link} to={`/tenants/${tenant.id}`} underline="always">
          {tenant.name}
        </Anchor>
      ),
    },
    { key: 'slug', head: t('slug'), cell: (tenant) => tenant.slug },
    { key: 'plan', head: t('plan'), cell: (tenant) => tenant.plan ?? '–' },
    {
      key: 'state',
      head: t('state'),
      cell: (tenant) => (tenant.enabled ? t('enabled') : <Badge variant="default">{t('disabled')}</Badge>),
    },
    { key: 'since', head: t('since'), cell: (tenant) => <Moment at={tenant.created_at} /> },
  ]
  return (
    <Shown of={tenants}>
      {({ data, meta }) => (
        <>
          <Rows
            caption={t('title')}
            columns={columns}
            rows={data}
            id={(tenant) => tenant.id}
            empty={t('nothing_found', { ns: 'common' })}
          />
          <Pager pagination={meta.pagination} go={(page) => asked.put({ page: String(page) })} />
        </>
      )}
    </Shown>
  )
}
