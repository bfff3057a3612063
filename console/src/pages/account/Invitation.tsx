import { Button, Group, Stack, Text, TextInput, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { Failure } from '~/look/Failure'
import { Outline } from '~/look/Shown'
import { useChecks } from './checks'
import { Entrance } from './Entrance'
import { useSending, useTranslated } from './refusals'
import { Secret } from './Secret'
import { Told } from './Told'
import { useMailedToken } from './token'
import { WORDS } from './words'

interface Invited {
  organization: string
  slug: string
  email: string
  roles: string[]
  has_account: boolean
}

/** Where the mail that invites somebody leads: what it asks, and what they answer. */
export default function Invitation() {
  const { t } = useTranslation(WORDS)
  const token = useMailedToken()
  return (
    <Entrance title={t('invitation_title')}>
      {token ? <Looked token={token} /> : <Text role="alert">{t('no_token')}</Text>}
    </Entrance>
  )
}

function Looked({ token }: { token: string }) {
  const { t } = useTranslation(WORDS)
  const translated = useTranslated()
  const [outcome, setOutcome] = useState<'accepted' | 'declined' | null>(null)
  const { data, error, refetch } = useQuery({
    queryKey: ['invitation', token],
    queryFn: async () => (await answer(api.POST('/api/v2/invitations/look', { body: { token } }))).data,
    enabled: outcome === null,
    refetchOnWindowFocus: false,
  })
  if (data && outcome === 'accepted') {
    return (
      <Told to={`/sign-in?tenant=${data.slug}`} onward={t('sign_in', { ns: 'common' })}>
        {t('accepted', { organization: data.organization })}
      </Told>
    )
  }
  if (outcome === 'declined') {
    return (
      <Told to="/sign-in" onward={t('back_to_sign_in')}>
        {t('declined')}
      </Told>
    )
  }
  if (error) return <Failure error={translated(error)} again={() => void refetch()} />
  return data ? <Answering invited={data} token={token} done={setOutcome} /> : <Outline lines={3} />
}

interface Props {
  invited: Invited
  token: string
  done: (outcome: 'accepted' | 'declined') => void
}

function Answering({ invited, token, done }: Props) {
  const { t } = useTranslation(WORDS)
  const { organization, email, roles, has_account } = invited
  const { needed, password } = useChecks()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', password: '' },
    validate: has_account ? {} : { name: needed, password },
  })
  const { error, busy, submit, again } = useSending(form, async (values) => {
    await answer(api.POST('/api/v2/invitations/accept', { body: has_account ? { token } : { token, ...values } }))
    done('accepted')
  })
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <div>
          <Title order={2} size="h3">
            {t('invited', { organization })}
          </Title>
          <Text c="dimmed">{t('invited_as', { email, roles: roles.join(', ') })}</Text>
        </div>
        <Text>{t(has_account ? 'invited_known' : 'invited_new')}</Text>
        {error !== null && <Failure error={error} again={again} />}
        {!has_account && (
          <>
            <TextInput
              name="name"
              label={t('name')}
              autoComplete="name"
              required
              key={form.key('name')}
              {...form.getInputProps('name')}
            />
            <Secret
              chosen
              key={form.key('password')}
              name="password"
              label={t('password')}
              field={form.getInputProps('password')}
            />
          </>
        )}
        <Group>
          <Button type="submit" loading={busy}>
            {t('accept')}
          </Button>
          <Declining token={token} done={done} />
        </Group>
      </Stack>
    </form>
  )
}

function Declining({ token, done }: Pick<Props, 'token' | 'done'>) {
  const { t } = useTranslation(WORDS)
  const translated = useTranslated()
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => answer(api.POST('/api/v2/invitations/decline', { body: { token } })),
    onSuccess: () => done('declined'),
  })
  return (
    <>
      <Button variant="default" onClick={() => mutate()} loading={isPending}>
        {t('decline')}
      </Button>
      {error && <Failure error={translated(error)} />}
    </>
  )
}
