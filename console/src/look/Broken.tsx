import { Button, Stack, Text, Title } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** Keeps a fault in one page from taking the others with it. */
export class Broken extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false }

  static getDerivedStateFromError() {
    return { broken: true }
  }

  override render() {
    return this.state.broken ? <Words /> : this.props.children
  }
}

function Words() {
  const { t } = useTranslation()
  return (
    <Stack role="alert" align="flex-start">
      <Title order={1} size="h2">
        {t('failure.title')}
      </Title>
      <Text>{t('failure.broken')}</Text>
      <Button onClick={() => window.location.reload()}>{t('failure.reload')}</Button>
    </Stack>
  )
}
