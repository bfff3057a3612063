import { Badge, Button, Stack, Text, Title } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'
import { type Asked, useAsked } from '~/look/asked'
import { Dialog } from '~/look/Dialog'
import { Page } from '~/look/Page'
import { Pager } from '~/look/Pager'
import { Permitted } from '~/look/Permitted'
import { type Column, Rows } from '~/look/Rows'
import { Search } from '~/look/Search'
import { Shown } from '~/look/Shown'
import { useMay } from '~/session/use'
import { addWords } from '~/words/words'
import { ChangeRole } from './ChangeRole'
import en from './en.json'
import { NewRole } from './NewRole'
import ptBR from './pt-BR.json'

addWords('roles', en, ptBR)

type Role = components['schemas']['RoleView']

export default function Roles() {
  const { t } = useTranslation(['roles', 'common'])
  const may = useMay()
  const asked = useAsked()
  const [making, setMaking] = useState(false)
  const open = (name: string | null) => asked.put({ role: name, page: String(asked.page) })
  return (
    <Page
      title={t('title')}
      about={t('about')}
      actions={
        may('roles:write') && (
          <Button leftSection={<Plus size={16} aria-hidden />} onClick={() => setMaking(true)}>
            {t('new')}
          </Button>
        )
      }
    >
      <Permitted permission="roles:read">
        <Own asked={asked} open={open} />
        <BuiltIn open={open} />
        <Dialog title={t('new')} opened={making} close={() => setMaking(false)} size="lg">
          <NewRole done={() => setMaking(false)} />
        </Dialog>
        <Dialog title={asked.get('role')} opened={asked.get('role') !== ''} close={() => open(null)} size="lg">
          <ChangeRole name={asked.get('role')} done={() => open(null)} />
        </Dialog>
      </Permitted>
    </Page>
  )
}

function useColumns(open: (name: string) => void): Column<Role>[] {
  const { t } = useTranslation(['roles', 'common'])
  const holds = ({ permissions }: Role) =>
    permissions.includes('*') ? t('everything') : t('permissions_count', { count: permissions.length })
  return [
    {
      key: 'name',
      head: t('name'),
      cell: (role) => (
        <>
          {role.name} {role.built_in && <Badge variant="default">{t('is_built_in')}</Badge>}
        </>
      ),
    },
    {
      key: 'description',
      head: t('description'),
      cell: (role) => (role.built_in ? t(`built_in.${role.name}`) : role.description || '–'),
    },
    { key: 'permissions', head: t('permissions'), cell: holds },
    {
      key: 'actions',
      head: t('actions', { ns: 'common' }),
      cell: (role) => (
        <Button size="xs" variant="default" onClick={() => open(role.name)} aria-label={t('open', { name: role.name })}>
          {t('open_short')}
        </Button>
      ),
    },
  ]
}

function Own({ asked, open }: { asked: Asked; open: (name: string) => void }) {
  const { t } = useTranslation(['roles', 'common'])
  const columns = useColumns(open)
  const search = asked.get('search')
  const query = { page: asked.page, search: search || undefined }
  const roles = useQuery({
    queryKey: ['roles', 'list', query],
    queryFn: () => answer(api.GET('/api/v2/roles', { params: { query } })),
    placeholderData: keepPreviousData,
  })
  return (
    <Stack component="section" aria-labelledby="own-roles">
      <Title order={2} size="h4" id="own-roles">
        {t('own')}
      </Title>
      <Search
        label={t('search', { ns: 'common' })}
        placeholder={t('search_for')}
        value={search}
        put={(text) => asked.put({ search: text })}
      />
      <Shown of={roles}>
        {({ data, meta }) => (
          <>
            <Rows
              caption={t('own')}
              columns={columns}
              rows={data}
              id={(role) => role.name}
              empty={search ? t('nothing_found', { ns: 'common' }) : t('none_yet')}
            />
            <Pager pagination={meta.pagination} go={(page) => asked.put({ page: String(page) })} />
          </>
        )}
      </Shown>
    </Stack>
  )
}

function BuiltIn({ open }: { open: (name: string) => void }) {
  const { t } = useTranslation('roles')
  const columns = useColumns(open)
  const roles = useQuery({
    queryKey: ['roles', 'built-in'],
    queryFn: async () => (await answer(api.GET('/api/v2/roles/built-in'))).data,
  })
  return (
    <Stack component="section" aria-labelledby="built-in-roles">
      <Title order={2} size="h4" id="built-in-roles">
        {t('all_built_in')}
      </Title>
      <Text size="sm" c="dimmed">
        {t('built_in_hint')}
      </Text>
      <Shown of={roles}>
        {(data) => <Rows caption={t('all_built_in')} columns={columns} rows={data} id={(role) => role.name} />}
      </Shown>
    </Stack>
  )
}
