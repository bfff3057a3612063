import { Badge, Button, Group, NativeSelect, SimpleGrid } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'
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
import { useRoleChoices } from '../roles/choices'
import { ChangeUser } from './ChangeUser'
import en from './en.json'
import { NewUser } from './NewUser'
import ptBR from './pt-BR.json'

addWords('users', en, ptBR)

type User = components['schemas']['UserView']

export default function Users() {
  const { t } = useTranslation(['users', 'common'])
  const may = useMay()
  const asked = useAsked()
  const [making, setMaking] = useState(false)
  const change = (id: string | null) => asked.put({ user: id, page: String(asked.page) })
  return (
    <Page
      title={t('title')}
      about={t('about')}
      actions={
        may('users:write') && (
          <Button leftSection={<UserPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>
            {t('new')}
          </Button>
        )
      }
    >
      <Permitted permission="users:read">
        <Filters asked={asked} />
        <Members asked={asked} change={change} />
        <Dialog title={t('new')} opened={making} close={() => setMaking(false)}>
          <NewUser done={() => setMaking(false)} />
        </Dialog>
        <Dialog title={t('change')} opened={asked.get('user') !== ''} close={() => change(null)}>
          <ChangeUser id={asked.get('user')} done={() => change(null)} />
        </Dialog>
      </Permitted>
    </Page>
  )
}

function Filters({ asked: { get, put } }: { asked: Asked }) {
  const { t } = useTranslation(['users', 'common'])
  const roles = useRoleChoices()
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} component="search">
      <Search
        label={t('search', { ns: 'common' })}
        placeholder={t('search_for')}
        value={get('search')}
        put={(search) => put({ search })}
      />
      <NativeSelect
        label={t('role')}
        value={get('role')}
        onChange={(event) => put({ role: event.currentTarget.value })}
        data={[{ value: '', label: t('all', { ns: 'common' }) }, ...roles.map(({ name }) => name)]}
      />
      <NativeSelect
        label={t('state')}
        value={get('enabled')}
        onChange={(event) => put({ enabled: event.currentTarget.value })}
        data={[
          { value: '', label: t('all', { ns: 'common' }) },
          { value: 'true', label: t('enabled') },
          { value: 'false', label: t('disabled') },
        ]}
      />
      <NativeSelect
        label={t('sort')}
        value={get('sort_by')}
        onChange={(event) => put({ sort_by: event.currentTarget.value })}
        data={[
          { value: '', label: t('newest') },
          { value: 'name', label: t('by_name') },
        ]}
      />
    </SimpleGrid>
  )
}

function Members({ asked, change }: { asked: Asked; change: (id: string) => void }) {
  const { t } = useTranslation(['users', 'common'])
  const query = {
    page: asked.page,
    search: asked.get('search') || undefined,
    role: asked.get('role') || undefined,
    enabled: asked.get('enabled') ? asked.get('enabled') === 'true' : undefined,
    sort_by: asked.get('sort_by') === 'name' ? ('name' as const) : undefined,
  }
  const users = useQuery({
    queryKey: ['users', 'list', query],
    queryFn: () => answer(api.GET('/api/v2/users', { params: { query } })),
    placeholderData: keepPreviousData,
  })
  const columns: Column<User>[] = [
    { key: 'name', head: t('name'), cell: (user) => user.name },
    { key: 'email', head: t('email'), cell: (user) => user.email ?? '–' },
    { key: 'roles', head: t('roles'), cell: (user) => <Roles names={user.roles} /> },
    { key: 'state', head: t('state'), cell: (user) => <State enabled={user.enabled} /> },
    { key: 'since', head: t('since'), cell: (user) => <Moment at={user.created_at} /> },
    {
      key: 'actions',
      head: t('actions', { ns: 'common' }),
      cell: (user) => (
        <Button size="xs" variant="default" onClick={() => change(user.id)} aria-label={t('open', { name: user.name })}>
          {t('open_short')}
        </Button>
      ),
    },
  ]
  return (
    <Shown of={users}>
      {({ data, meta }) => (
        <>
          <Rows
            caption={t('title')}
            columns={columns}
            rows={data}
            id={(user) => user.id}
            empty={t('nothing_found', { ns: 'common' })}
          />
          <Pager pagination={meta.pagination} go={(page) => asked.put({ page: String(page) })} />
        </>
      )}
    </Shown>
  )
}

function Roles({ names }: { names: string[] }) {
  return (
    <Group gap={4}>
      {names.map((name) => (
        <Badge key={name} variant="default" tt="none">
          {name}
        </Badge>
      ))}
    </Group>
  )
}

function State({ enabled }: { enabled: boolean }) {
  const { t } = useTranslation('users')
  return enabled ? t('enabled') : <Badge variant="default">{t('disabled')}</Badge>
}
