import { Button, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Page } from '~/look/Page'

export default function Missing() {
  const { t } = useTranslation()
  return (
    <Page title={t('missing.title')}>
      <Text>{t('missing.text')}</Text>
      <div>
        <Button component={Link} to="/">
          {t('missing.home')}
        </Button>
      </div>
    </Page>
  )
}
