import { Alert, Anchor, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, useLocation, useNavigate, useSearchParams } from 'react-router'
import { Failure } from '~/look/Failure'
import { askDoor, session } from '~/session/session'
import { useSession } from '~/session/use'
import { useChecks } from './checks'
import { Entrance } from './Entrance'
import { Issuers } from './Issuers'
import { useNext } from './next'
import { useSending } from './refusals'
import { Secret } from './Secret'
import { useWays } from './ways'
import { WORDS } from './words'

/** By password, or at another issuer. */
export default function SignIn() {
  const { t } = useTranslation(WORDS)
  const next = useNext()
  const { state, reason } = useSession()
  const { expired } = (useLocation().state ?? {}) as { expired?: boolean }
  const tenant = useSearchParams()[0].get('tenant')
  const { data: ways } = useWays()
  if (state === 'in' && !tenant) return <Navigate to={next} replace />
  return (
    <Entrance title={t('sign_in', { ns: 'common' })}>
      {expired && (
        <Alert color="yellow" role="status">
          {t('expired')}
        </Alert>
      )}
      {!expired && reason === 'left' && (
        <Text role="status" c="dimmed">
          {t('left')}
        </Text>
      )}
      {tenant && <Text>{t('sign_in_to', { slug: tenant })}</Text>}
      <ByPassword next={next} tenant={tenant} />
      <Stack gap="xs">
        {ways?.mail && (
          <Anchor component={Link} to="/forgotten" size="sm">
            {t('forgot')}
          </Anchor>
        )}
        {ways && ways.registration !== 'closed' && (
          <Text size="sm">
            {t('no_account')}{' '}
            <Anchor component={Link} to={`/register?next=${encodeURIComponent(next)}`} size="sm" underline="always">
              {t('register')}
            </Anchor>
          </Text>
        )}
      </Stack>
      {ways && ways.issuers.length > 0 && <Issuers issuers={ways.issuers} next={next} expired={expired === true} />}
    </Entrance>
  )
}

function ByPassword({ next, tenant }: { next: string; tenant: string | null }) {
  const { t } = useTranslation(WORDS)
  const go = useNavigate()
  const { needed, email } = useChecks()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: { email, password: needed },
  })
  const { error, busy, submit, again } = useSending(form, async (values) => {
    const more = { session: 'cookie', ...(tenant ? { tenant } : {}) }
    await session.enter('cookie', await askDoor('/auth/login', { ...values, email: values.email.trim(), ...more }))
    await go(next, { replace: true })
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
        <Secret
          key={form.key('password')}
          name="password"
          label={t('password')}
          field={form.getInputProps('password')}
        />
        <Group>
          <Button type="submit" loading={busy} fullWidth>
            {t('sign_in', { ns: 'common' })}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
