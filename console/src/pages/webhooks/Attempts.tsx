import { Accordion, Group, Stack, Text } from '@mantine/core'
import { CircleCheck, CircleX } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Exact } from '~/look/Exact'
import { Moment } from '~/look/Moment'
import { Empty } from '~/look/Shown'
import { milliseconds } from '~/words/formats'
import type { Attempt } from './queries'
import { WORDS } from './words'

/** What was tried, the latest first, each with what was sent and what came back. */
export function Attempts({ log }: { log: Attempt[] }) {
  const { t } = useTranslation(WORDS)
  if (log.length === 0) return <Empty>{t('no_attempts')}</Empty>
  const latest = log[log.length - 1]
  return (
    <Accordion variant="separated" multiple order={3} defaultValue={latest ? [String(latest.number)] : []}>
      {[...log].reverse().map((attempt) => (
        <Accordion.Item key={attempt.number} value={String(attempt.number)} data-testid="attempt">
          <Accordion.Control>
            <Head attempt={attempt} />
          </Accordion.Control>
          <Accordion.Panel>
            <Detail attempt={attempt} />
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  )
}

function Head({ attempt: { number, at, status, error, milliseconds: took } }: { attempt: Attempt }) {
  const { t } = useTranslation(WORDS)
  return (
    <Group gap="sm" justify="space-between">
      <Group gap="xs">
        {error ? (
          <CircleX size={18} aria-hidden color="var(--mantine-color-red-text)" />
        ) : (
          <CircleCheck size={18} aria-hidden color="var(--mantine-color-teal-text)" />
        )}
        <Text fw={600} size="sm">
          {t('attempt', { number })}
        </Text>
        <Text size="sm">{status ? t('answered', { status }) : t('no_answer')}</Text>
      </Group>
      <Text size="sm" c="dimmed" pr="sm">
        <Moment at={at} exact /> · {milliseconds(took)}
      </Text>
    </Group>
  )
}

function Detail({ attempt: { headers, answer, error } }: { attempt: Attempt }) {
  const { t } = useTranslation(WORDS)
  const sent = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`)
  return (
    <Stack gap="sm">
      {error && <Text size="sm">{error}</Text>}
      <div>
        <Text size="xs" c="dimmed" fw={600} mb={4}>
          {t('sent_headers')}
        </Text>
        <Exact label={t('sent_headers')} text={sent.join('\n')} />
      </div>
      <div>
        <Text size="xs" c="dimmed" fw={600} mb={4}>
          {t('answer')}
        </Text>
        {answer ? (
          <Exact label={t('answer')} text={answer} height={200} />
        ) : (
          <Text size="sm" c="dimmed">
            {t('answer_empty')}
          </Text>
        )}
      </div>
    </Stack>
  )
}
