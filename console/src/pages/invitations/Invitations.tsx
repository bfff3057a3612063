import { Badge, Button, Group, NativeSelect, SimpleGrid } from '@mantine/core'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { MailPlus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'
import { type Asked, useAsked } from '~/look/asked'
import { confirm } from '~/look/confirm'
import { Dialog } from '~/look/Dialog'
import { Failure } from '~/look/Failure'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Pager } from '~/look/Pager'
import { Permitted } from '~/look/Permitted'
import { type Column, Rows } from '~/look/Rows'
import { Search } from '~/look/Search'
import { Shown } from '~/look/Shown'
import { tell } from '~/look/tell'
import { useMay } from '~/session/use'
import { addWords } from '~/words/words'
import en from './en.json'
import { Invite } from './Invite'
import ptBR from './pt-BR.json'

addWords('invitations', en, ptBR)

type Invitation = components['schemas']['InvitationView']
type State = Invitation['state']

const STATES: State[] = ['open', 'accepted', 'declined', 'withdrawn']
const isState = (text: string): text is State => (STATES as string[]).includes(text)

export default function Invitations() {
  const { t } = useTranslation(['invitations', 'common'])
  const may = useMay()
  const asked = useAsked()
  const [inviting, setInviting] = useState(false)
  return (
    <Page
      title={t('title')}
      about={t('about')}
      actions={
        may('users:write') && (
          <Button leftSection={<MailPlus size={16} aria-hidden />} onClick={() => setInviting(true)}>
            {t('new')}
          </Button>
        )
      }
    >
      <Permitted permission="users:read">
        <SimpleGrid cols={{ base: 1, xs: 2 }} component="search">
          <Search
            label={t('search', { ns: 'common' })}
            placeholder={t('email')}
            value={asked.get('search')}
            put={(search) => asked.put({ search })}
          />
          <NativeSelect
            label={t('state')}
            value={asked.get('state')}
            onChange={(event) => asked.put({ state: event.currentTarget.value })}
            data={[
              { value: '', label: t('all', { ns: 'common' }) },
              ...STATES.map((state) => ({ value: state, label: t(`states.${state}`) })),
            ]}
          />
        </SimpleGrid>
        <Sent asked={asked} />
        <Dialog title={t('new')} opened={inviting} close={() => setInviting(false)}>
          <Invite done={() => setInviting(false)} />
        </Dialog>
      </Permitted>
    </Page>
  )
}

function Sent({ asked }: { asked: Asked }) {
  const { t } = useTranslation(['invitations', 'common'])
  const [state, search] = [asked.get('state'), asked.get('search')]
  const query = { page: asked.page, search: search || undefined, state: isState(state) ? state : undefined }
  const invitations = useQuery({
    queryKey: ['invitations', query],
    queryFn: () => answer(api.GET('/api/v2/invitations', { params: { query } })),
    placeholderData: keepPreviousData,
  })
  const acts = useActs()
  const columns: Column<Invitation>[] = [
    { key: 'email', head: t('email'), cell: (one) => one.email },
    { key: 'roles', head: t('roles'), cell: (one) => one.roles.join(', ') },
    { key: 'state', head: t('state'), cell: (one) => <Standing of={one} /> },
    { key: 'sent', head: t('sent'), cell: (one) => <Moment at={one.created_at} /> },
    {
      key: 'until',
      head: t('until'),
      cell: (one) => (one.state === 'open' ? <Moment at={one.expires_at} exact /> : '–'),
    },
    { key: 'actions', head: t('actions', { ns: 'common' }), cell: (one) => acts.of(one) },
  ]
  return (
    <Shown of={invitations}>
      {({ data, meta }) => (
        <>
          {acts.error && <Failure error={acts.error} />}
          <Rows
            caption={t('title')}
            columns={columns}
            rows={data}
            id={(one) => one.id}
            empty={search || state ? t('nothing_found', { ns: 'common' }) : t('none_yet')}
          />
          <Pager pagination={meta.pagination} go={(page) => asked.put({ page: String(page) })} />
        </>
      )}
    </Shown>
  )
}

function Standing({ of: { state, expires_at } }: { of: Invitation }) {
  const { t } = useTranslation('invitations')
  const over = state === 'open' && new Date(expires_at).getTime() < Date.now()
  return <Badge variant="default">{t(over ? 'states.over' : `states.${state}`)}</Badge>
}

/** What can be done with an invitation, and what became of the last that was done. */
function useActs() {
  const { t } = useTranslation(['invitations', 'common'])
  const may = useMay()('users:write')
  const stored = useQueryClient()
  function ended(words: string): void {
    void stored.invalidateQueries({ queryKey: ['invitations'] })
    tell(words)
  }
  const path = (one: Invitation) => ({ params: { path: { invitation_id: one.id } } })
  const resend = useMutation({
    mutationFn: (one: Invitation) => api.POST('/api/v2/invitations/{invitation_id}/resend', path(one)),
    onSuccess: (_, one) => ended(t('resent', { email: one.email })),
  })
  const withdraw = useMutation({
    mutationFn: (one: Invitation) => api.DELETE('/api/v2/invitations/{invitation_id}', path(one)),
    onSuccess: (_, one) => ended(t('withdrawn', { email: one.email })),
  })
  const sure = (one: Invitation) =>
    confirm(t, {
      title: t('withdraw'),
      text: t('withdraw_sure', { email: one.email }),
      act: t('withdraw'),
      done: () => withdraw.mutate(one),
    })
  return {
    error: resend.error ?? withdraw.error,
    of: (one: Invitation) =>
      may && one.state === 'open' ? (
        <Group gap="xs" wrap="nowrap">
          <Button
            size="xs"
            variant="default"
            loading={resend.isPending && resend.variables.id === one.id}
            onClick={() => resend.mutate(one)}
            aria-label={t('resend_to', { email: one.email })}
          >
            {t('resend')}
          </Button>
          <Button
            size="xs"
            variant="light"
            color="red"
            onClick={() => sure(one)}
            aria-label={t('withdraw_of', { email: one.email })}
          >
            {t('withdraw')}
          </Button>
        </Group>
      ) : (
        '–'
      ),
  }
}
