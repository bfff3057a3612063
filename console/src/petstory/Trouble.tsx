import { Alert, Button, Group, Text } from '@mantine/core'
import { CircleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Problem } from '~/api/problem'
import { Countdown } from '~/look/Countdown'
import { useTroubleWords } from './trouble'
import type { Bounds } from './uploads'

interface Props {
  error: unknown
  again?: () => void
  bounds?: Bounds
}

/** What went wrong, announced as it appears. Where the API asks to wait, `again` is called by itself after that. */
export function Trouble({ error, again, bounds }: Props) {
  const { t } = useTranslation()
  const words = useTroubleWords(bounds)
  const problem = error instanceof Problem ? error : null
  const waits = again && problem?.passing && problem.retryAfter !== null
  return (
    <Alert role="alert" color="red" variant="light" icon={<CircleAlert aria-hidden />} title={t('failure.title')}>
      <Text size="sm">{words(error)}</Text>
      {again && (
        <Group mt="xs">
          <Button variant="default" onClick={again}>
            {t('again')}
          </Button>
          {waits && <Countdown key={problem.requestId} seconds={problem.retryAfter as number} over={again} />}
        </Group>
      )}
    </Alert>
  )
}
