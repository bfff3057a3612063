import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { Failure } from '~/look/Failure'
import { useChecks } from './checks'
import { useSending } from './refusals'
import { Secret } from './Secret'
import { Section } from './Section'
import { useWays } from './ways'
import { WORDS } from './words'

/** Another address, which is the account's once its mail was read. */
export function EmailForm() {
  const { t } = useTranslation(WORDS)
  const { data: ways } = useWays()
  const { needed, email } = useChecks()
  const [sent, setSent] = useState('')
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: { email, password: needed },
  })
  const { error, busy, submit, again } = useSending(form, async (values) => {
    const body = { ...values, email: values.email.trim() }
    await answer(api.POST('/api/v2/auth/email', { body }))
    setSent(body.email)
    form.reset()
  })
  if (ways && !ways.mail) {
    return (
      <Section title={t('change_email')}>
        <Text>{t('no_mail')}</Text>
      </Section>
    )
  }
  return (
    <Section title={t('change_email')} about={t('change_email_about')}>
      <form onSubmit={submit} noValidate>
        <Stack>
          {error !== null && <Failure error={error} again={again} />}
          <TextInput
            name="email"
            type="email"
            label={t('new_email')}
            autoComplete="email"
            required
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <Secret
            key={form.key('password')}
            name="password"
            label={t('present_password')}
            field={form.getInputProps('password')}
          />
          <Group>
            <Button type="submit" loading={busy}>
              {t('change_email')}
            </Button>
          </Group>
          <Text role="status" size="sm">
            {sent && t('change_email_sent', { email: sent })}
          </Text>
        </Stack>
      </form>
    </Section>
  )
}
