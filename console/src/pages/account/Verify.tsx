import { Button, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { queries } from '~/api/queries'
import { Failure } from '~/look/Failure'
import { useSession } from '~/session/use'
import { Entrance } from './Entrance'
import { useTranslated } from './refusals'
import { Told } from './Told'
import { useMailedToken } from './token'
import { WORDS } from './words'

/**
 * Where the mail that confirms an address leads. A button does it: programs that look at the links of mails before
 * their readers do press none.
 */
export default function Verify() {
  const { t } = useTranslation(WORDS)
  const { state } = useSession()
  const translated = useTranslated()
  const token = useMailedToken()
  const confirming = useMutation({
    mutationFn: async () => (await answer(api.POST('/api/v2/auth/email/verify', { body: { token } }))).data,
    onSuccess: () => queries.invalidateQueries({ queryKey: ['me'] }),
  })
  if (confirming.data) {
    const { outcome, email } = confirming.data
    return (
      <Entrance title={t('verify_title')}>
        <Told to={state === 'in' ? '/' : '/sign-in'} onward={state === 'in' ? t('to_console') : t('back_to_sign_in')}>
          {t(`outcome_${outcome}`, { email })}
        </Told>
      </Entrance>
    )
  }
  return (
    <Entrance title={t('verify_title')} about={t('verify_about')}>
      {token ? (
        <Stack>
          {confirming.error && <Failure error={translated(confirming.error)} />}
          <Button onClick={() => confirming.mutate()} loading={confirming.isPending}>
            {t('verify_act')}
          </Button>
        </Stack>
      ) : (
        <Text role="alert">{t('no_token')}</Text>
      )}
    </Entrance>
  )
}
