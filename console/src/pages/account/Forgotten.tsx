import { Anchor, Button, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Failure } from '~/look/Failure'
import { askDoor } from '~/session/session'
import { useChecks } from './checks'
import { Entrance } from './Entrance'
import { useSending } from './refusals'
import { Told } from './Told'
import { WORDS } from './words'

/** Asks for the mail with which a new password is chosen. Nobody learns here which addresses have an account. */
export default function Forgotten() {
  const { t } = useTranslation(WORDS)
  const [sent, setSent] = useState<string | null>(null)
  return (
    <Entrance title={t('forgot_title')} about={sent === null && t('forgot_about')}>
      {sent === null ? (
        <>
          <Asking sent={setSent} />
          <Anchor component={Link} to="/sign-in" size="sm" underline="always">
            {t('back_to_sign_in')}
          </Anchor>
        </>
      ) : (
        <Told title={t('mail_sent')} mailed to="/sign-in" onward={t('back_to_sign_in')}>
          {t('forgot_sent', { email: sent })}
        </Told>
      )}
    </Entrance>
  )
}

function Asking({ sent }: { sent: (email: string) => void }) {
  const { t } = useTranslation(WORDS)
  const { email } = useChecks()
  const form = useForm({ mode: 'uncontrolled', initialValues: { email: '' }, validate: { email } })
  const { error, busy, submit, again } = useSending(form, async (values) => {
    const to = values.email.trim()
    await askDoor('/auth/password/forgot', { email: to })
    sent(to)
  })
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Failure error={error} again={again} />}
        <TextInput
          name="email"
          type="email"
          label={t('email')}
          autoComplete="username"
          required
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <Button type="submit" loading={busy}>
          {t('forgot_send')}
        </Button>
      </Stack>
    </form>
  )
}
