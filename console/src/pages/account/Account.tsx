import { SimpleGrid } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Page } from '~/look/Page'
import { Shown } from '~/look/Shown'
import { useMe } from '~/session/use'
import { EmailForm } from './EmailForm'
import { Everywhere } from './Everywhere'
import { PasswordForm } from './PasswordForm'
import { Elsewhere, Who } from './Who'
import { WORDS } from './words'

/** One's own account. */
export default function Account() {
  const { t } = useTranslation(WORDS)
  const me = useMe()
  return (
    <Page title={t('pages.account', { ns: 'common' })} about={t('account_about')}>
      <Shown of={me}>
        {(who) => (
          <SimpleGrid cols={{ base: 1, lg: 2 }}>
            <Who me={who} />
            {who.proof === 'token' ? (
              <>
                {who.email && <PasswordForm email={who.email} />}
                <EmailForm />
                <Everywhere />
              </>
            ) : (
              <Elsewhere />
            )}
          </SimpleGrid>
        )}
      </Shown>
    </Page>
  )
}
