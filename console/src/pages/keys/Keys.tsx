import { Anchor, Badge, Button, Code } from '@mantine/core'
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
import { VALID, ValidSelect, validOf } from './Listed'
import { type Made, NewKey } from './NewKey'
import { StateBadge } from './StateBadge'
import { addKeyWords } from './words'

addKeyWords()

type Key = components['schemas']['KeyView']

export default function Keys() {
  const { t } = useTranslation('keys')
  const may = useMay()
  const asked = useAsked()
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<Made | null>(null)
  function handOver(key: Made): void {
    setMaking(false)
    setMade(key)
  }
  return (
    <Page
      title={t('title')}
      about={t('about')}
      actions={
        may('keys:write') && (
          <Button leftSection={<Plus size={16} aria-hidden />} onClick={() => setMaking(true)}>
            {t('new')}
          </Button>
        )
      }
    >
      <Permitted permission="keys:read">
        <ValidSelect asked={asked} />
        <List asked={asked} />
        <Dialog title={t('new')} opened={making} close={() => setMaking(false)} size="lg">
          <NewKey done={handOver} />
        </Dialog>
        <Handed
          title={t('made', { name: made?.name })}
          secret={made?.key ?? null}
          label={t('key')}
          done={() => setMade(null)}
        />
      </Permitted>
    </Page>
  )
}

function List({ asked }: { asked: Asked }) {
  const { t } = useTranslation(['keys', 'common'])
  const columns = useColumns()
  const query = { page: asked.page, revoked: VALID[validOf(asked.get('which'))] }
  const keys = useQuery({
    queryKey: ['keys', 'list', query],
    queryFn: () => answer(api.GET('/api/v2/keys', { params: { query } })),
    placeholderData: keepPreviousData,
  })
  return (
    <Shown of={keys}>
      {({ data, meta }) => (
        <>
          <Rows caption={t('title')} columns={columns} rows={data} id={({ id }) => id} empty={t('none_yet')} />
          <Pager pagination={meta.pagination} go={(page) => asked.put({ page: String(page) })} />
        </>
      )}
    </Shown>
  )
}

function useColumns(): Column<Key>[] {
  const { t } = useTranslation(['keys', 'common'])
  const holds = ({ scopes }: Key) =>
    scopes.includes('*') ? t('everything') : t('scopes_count', { count: scopes.length })
  return [
    {
      key: 'name',
      head: t('name'),
      cell: ({ id, name, test }) => (
        <>
          <Anchor component={Link} to={`/keys/${id}`} inherit>
            {name}
          </Anchor>{' '}
          {test && <Badge variant="default">{t('for_tests')}</Badge>}
        </>
      ),
    },
    {
      key: 'id',
      head: t('known_as'),
      cell: ({ public_id, last_four }) => <Code>{`${public_id} …${last_four}`}</Code>,
    },
    { key: 'scopes', head: t('scopes'), cell: holds },
    { key: 'state', head: t('state'), cell: (key) => <StateBadge of={key} /> },
    {
      key: 'used',
      head: t('last_used'),
      cell: ({ last_used_at }) => (last_used_at ? <Moment at={last_used_at} /> : t('never', { ns: 'common' })),
    },
    {
      key: 'expires',
      head: t('expires_at'),
      cell: ({ expires_at }) => (expires_at ? <Moment at={expires_at} /> : t('never', { ns: 'common' })),
    },
  ]
}
