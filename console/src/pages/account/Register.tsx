import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { Problem } from '~/api/problem'
import { Failure } from '~/look/Failure'
import { Shown } from '~/look/Shown'
import { askDoor, session } from '~/session/session'
import { useChecks } from './checks'
import { Entrance } from './Entrance'
import { useNext } from './next'
import { useSending } from './refusals'
import { Secret } from './Secret'
import { Told } from './Told'
import { useWays } from './ways'
import { WORDS } from './words'

/** A new account; where nothing has to be confirmed first, one is signed in with it at once. */
export default function Register() {
  const { t } = useTranslation(WORDS)
  const next = useNext()
  const ways = useWays()
  return (
    <Entrance title={t('register_title')}>
      <Shown of={ways}>
        {({ registration }) =>
          registration === 'closed' ? (
            <Text>{t('registering_closed')}</Text>
          ) : (
            <Registration next={next} confirmed={registration === 'confirmed'} />
          )
        }
      </Shown>
      <Text size="sm">
        {t('have_account')}{' '}
        <Anchor component={Link} to={`/sign-in?next=${encodeURIComponent(next)}`} size="sm" underline="always">
          {t('sign_in', { ns: 'common' })}
        </Anchor>
      </Text>
    </Entrance>
  )
}

type Sent = 'mail_makes_account' | 'mail_confirms'

function Registration({ next, confirmed }: { next: string; confirmed: boolean }) {
  const { t } = useTranslation(WORDS)
  const go = useNavigate()
  const { needed, email, password } = useChecks()
  const [sent, setSent] = useState<{ how: Sent; to: string } | null>(null)
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', email: '', password: '' },
    validate: { name: needed, email, password },
  })
  const { error, busy, submit, again } = useSending(form, async (values) => {
    const to = values.email.trim()
    await askDoor('/auth/register', { ...values, email: to })
    if (confirmed) return setSent({ how: 'mail_makes_account', to })
    if (await signedIn(to, values.password)) await go(next, { replace: true })
    else setSent({ how: 'mail_confirms', to })
  })
  if (sent) {
    return (
      <Told title={t('mail_sent')} mailed to="/sign-in" onward={t('back_to_sign_in')}>
        {t(sent.how, { email: sent.to })}
      </Told>
    )
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Failure error={error} again={again} />}
        <TextInput
          name="name"
          label={t('name')}
          autoComplete="name"
          required
          key={form.key('name')}
          {...form.getInputProps('name')}
        />
        <TextInput
          name="email"
          type="email"
          label={t('email')}
          autoComplete="username"
          required
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <Secret
          chosen
          key={form.key('password')}
          name="password"
          label={t('password')}
          field={form.getInputProps('password')}
        />
        <Button type="submit" loading={busy}>
          {t('register')}
        </Button>
      </Stack>
    </form>
  )
}

/** Signs in with the account that was just made; not where its address has to be confirmed before. */
async function signedIn(email: string, password: string): Promise<boolean> {
  try {
    await session.enter('cookie', await askDoor('/auth/login', { email, password, session: 'cookie' }))
    return true
  } catch (error) {
    if (error instanceof Problem && error.code === 'EMAIL_NOT_VERIFIED') return false
    throw error
  }
}
