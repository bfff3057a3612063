import { Anchor, Button, Stack, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Failure } from '~/look/Failure'
import { askDoor } from '~/session/session'
import { useChecks } from './checks'
import { Entrance } from './Entrance'
import { useSending } from './refusals'
import { Secret } from './Secret'
import { Told } from './Told'
import { useMailedToken } from './token'
import { WORDS } from './words'

/** Where the mail for a forgotten password leads. */
export default function Reset() {
  const { t } = useTranslation(WORDS)
  const token = useMailedToken()
  const [done, setDone] = useState(false)
  return (
    <Entrance title={t('reset_title')}>
      {done ? (
        <Told to="/sign-in" onward={t('sign_in', { ns: 'common' })}>
          {t('reset_done')}
        </Told>
      ) : (
        <>
          {token ? <Choosing token={token} done={() => setDone(true)} /> : <Text role="alert">{t('no_token')}</Text>}
          <Anchor component={Link} to="/forgotten" size="sm" underline="always">
            {t('ask_again')}
          </Anchor>
        </>
      )}
    </Entrance>
  )
}

function Choosing({ token, done }: { token: string; done: () => void }) {
  const { t } = useTranslation(WORDS)
  const { password } = useChecks()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { new_password: '' },
    validate: { new_password: password },
  })
  const { error, busy, submit, again } = useSending(form, async (values) => {
    await askDoor('/auth/password/reset', { token, ...values })
    done()
  })
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Failure error={error} again={again} />}
        <Secret
          chosen
          key={form.key('new_password')}
          name="new_password"
          label={t('new_password')}
          field={form.getInputProps('new_password')}
        />
        <Button type="submit" loading={busy}>
          {t('reset_act')}
        </Button>
      </Stack>
    </form>
  )
}
