import { Button, Group, Stack } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { Failure } from '~/look/Failure'
import { tell } from '~/look/tell'
import { askDoor, session } from '~/session/session'
import { useChecks } from './checks'
import { useSending } from './refusals'
import { Secret } from './Secret'
import { Section } from './Section'
import { WORDS } from './words'

/** Another password. This browser stays in; every other one has to sign in again. */
export function PasswordForm({ email }: { email: string }) {
  const { t } = useTranslation(WORDS)
  const { needed, password } = useChecks()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { password: '', new_password: '' },
    validate: { password: needed, new_password: password },
  })
  const { error, busy, submit, again } = useSending(form, async (values) => {
    const body = { ...values, session: 'cookie' }
    await session.enter('cookie', await askDoor('/auth/password', body, await session.token()))
    form.reset()
    tell(t('password_changed'))
  })
  return (
    <Section title={t('change_password')} about={t('change_password_about')}>
      <form onSubmit={submit} noValidate>
        <Stack>
          {error !== null && <Failure error={error} again={again} />}
          {/* For password managers, which have to know whose password it is. */}
          <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
          <Secret
            key={form.key('password')}
            name="password"
            label={t('present_password')}
            field={form.getInputProps('password')}
          />
          <Secret
            chosen
            key={form.key('new_password')}
            name="new_password"
            label={t('new_password')}
            field={form.getInputProps('new_password')}
          />
          <Group>
            <Button type="submit" loading={busy}>
              {t('change_password')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  )
}
