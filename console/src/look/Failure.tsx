import { Alert, Button, Group, Text } from '@mantine/core'
import { CircleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Problem } from '~/api/problem'
import { Countdown } from './Countdown'

/** The words for a failure: the API's own where it gave some. */
export function useFailureWords(): (error: unknown) => string {
  const { t } = useTranslation()
  return (error) => {
    if (!(error instanceof Problem)) return t('failure.unknown')
    if (error.status === 0) return t('failure.offline')
    if (error.status === 412) return t('failure.changed')
    if (error.status === 403 && !error.message) return t('failure.forbidden')
    return error.message || t('failure.unknown')
  }
}

/**
 * What went wrong, in words, announced as it appears. `again` is offered as a button; where the API asks to wait, it
 * is called by itself after that time.
 */
export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useTranslation()
  const words = useFailureWords()
  const problem = error instanceof Problem ? error : null
  const waits = again && problem?.status === 429 && problem.retryAfter !== null
  return (
    <Alert
      role="alert"
      color="red"
      variant="light"
      icon={<CircleAlert aria-hidden />}
      title={t(problem?.status === 412 ? 'failure.changed_title' : 'failure.title')}
    >
      <Text size="sm">{words(error)}</Text>
      {problem?.requestId && (
        <Text size="xs" c="dimmed" ff="monospace">
          {t('request_id', { id: problem.requestId })}
        </Text>
      )}
      {again && (
        <Group mt="xs">
          <Button size="xs" variant="default" onClick={again}>
            {problem?.status === 412 ? t('failure.load_again') : t('again')}
          </Button>
          {waits && <Countdown key={problem.requestId} seconds={problem.retryAfter as number} over={again} />}
        </Group>
      )}
    </Alert>
  )
}
