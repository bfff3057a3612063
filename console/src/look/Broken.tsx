import { Button, Stack, Text, Title } from '@mantine/core'
import { Component, type ReactNode, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { answers, Unanswered } from './loaded'

/** Milliseconds between questions whether the server is back. */
const ASKED_EVERY = 3_000

interface Props {
  children: ReactNode
  /** What stands in the place of what broke; words and a button to load the page anew unless it is said. */
  instead?: ReactNode
}

/** Keeps a fault in one part of a page from taking the others with it. */
export class Broken extends Component<Props, { failure: unknown; broken: boolean }> {
  override state = { failure: null, broken: false }

  static getDerivedStateFromError(failure: unknown) {
    return { failure, broken: true }
  }

  override render() {
    if (!this.state.broken) return this.props.children
    return this.props.instead ?? <BrokenWords failure={this.state.failure} />
  }
}

/** That something broke, and the way on; where nobody answered, it goes on by itself when somebody does. */
export function BrokenWords({ failure }: { failure: unknown }) {
  const { t } = useTranslation()
  const away = failure instanceof Unanswered
  useEffect(() => (away ? onAnswer(() => window.location.reload()) : undefined), [away])
  return (
    <Stack role="alert" align="flex-start">
      <Title order={1} size="h2">
        {t('failure.title')}
      </Title>
      <Text>{t(away ? 'failure.offline' : 'failure.broken')}</Text>
      <Button onClick={() => window.location.reload()}>{t('failure.reload')}</Button>
    </Stack>
  )
}

/** Calls once somebody answers; until the returned function is called. */
function onAnswer(then: () => void): () => void {
  const asking = setInterval(async () => {
    if (await answers()) then()
  }, ASKED_EVERY)
  return () => clearInterval(asking)
}
