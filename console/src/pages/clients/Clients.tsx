import { Anchor, Button, Code } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'
import { type Asked, useAsked } from '~/look/asked'
import { Dialog } from '~/look/Dialog'
import { Handed } from '~/look/Handed'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Pager } from '~/look/Pager'
import { Permitted } from '~/look/Permitted'
import { type Column, Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { useMay } from '~/session/use'
import { VALID, ValidSelect, validOf } from '../keys/Listed'
import { StateBadge } from '../keys/StateBadge'
import { addKeyWords } from '../keys/words'
import { type Made, NewClient } from './NewClient'

addKeyWords()

type Client = components['schemas']['ClientView']

export default function Clients() {
  const { t } = useTranslation('keys')
  const may = useMay()
  const asked = useAsked()
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<Made | null>(null)
  function handOver(client: Made): void {
    setMaking(false)
    setMade(client)
  }
  return (
    <Page
      title={t('clients.title')}
      about={t('clients.about')}
      actions={
        may('clients:write') && (
          <Button leftSection={<Plus size={16} aria-hidden />} onClick={() => setMaking(true)}>
            {t('clients.new')}
          </Button>
        )
      }
    >
      <Permitted permission="clients:read">
        <ValidSelect asked={asked} />
        <List asked={asked} />
        <Dialog title={t('clients.new')} opened={making} close={() => setMaking(false)} size="lg">
          <NewClient done={handOver} />
        </Dialog>
        <Handed
          title={t('clients.made', { name: made?.name })}
          secret={made?.client_secret ?? null}
          label={t('clients.secret')}
          done={() => setMade(null)}
        />
      </Permitted>
    </Page>
  )
}

function List({ asked }: { asked: Asked }) {
  const { t } = useTranslation('keys')
  const columns = useColumns()
  const query = { page: asked.page, revoked: VALID[validOf(asked.get('which'))] }
  const clients = useQuery({
    queryKey: ['clients', 'list', query],
    queryFn: () => answer(api.GET('/api/v2/oauth-clients', { params: { query } })),
    placeholderData: keepPreviousData,
  })
  return (
    <Shown of={clients}>
      {({ data, meta }) => (
        <>
          <Rows
            caption={t('clients.title')}
            columns={columns}
            rows={data}
            id={({ id }) => id}
            empty={t('clients.none_yet')}
          />
          <Pager pagination={meta.pagination} go={(page) => asked.put({ page: String(page) })} />
        </>
      )}
    </Shown>
  )
}

function useColumns(): Column<Client>[] {
  const { t } = useTranslation(['keys', 'common'])
  return [
    {
      key: 'name',
      head: t('name'),
      cell: ({ id, name }) => (
        <Anchor component={Link} to={`/clients/${id}`} inherit>
          {name}
        </Anchor>
      ),
    },
    { key: 'id', head: t('clients.client_id'), cell: ({ client_id }) => <Code>{client_id}</Code> },
    { key: 'scopes', head: t('scopes'), cell: ({ scopes }) => t('scopes_count', { count: scopes.length }) },
    { key: 'state', head: t('state'), cell: (client) => <StateBadge of={client} /> },
    {
      key: 'used',
      head: t('clients.last_token'),
      cell: ({ last_used_at }) => (last_used_at ? <Moment at={last_used_at} /> : t('never', { ns: 'common' })),
    },
  ]
}
