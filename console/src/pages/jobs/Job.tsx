import { Alert, Anchor, Button, Group, Paper, Stack, Text, Title, VisuallyHidden } from '@mantine/core'
import { CircleX, RotateCcw, Square } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { Problem } from '~/api/problem'
import { LiveBadge } from '~/look/Connection'
import { confirm } from '~/look/confirm'
import { Members } from '~/look/Members'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Empty, Shown } from '~/look/Shown'
import { stretch } from '~/words/formats'
import { Bar } from './Bar'
import { useKindName } from './kinds'
import { useAct, useFollowed, useMine, useTask } from './queries'
import { Result } from './Result'
import { StateBadge } from './StateBadge'
import { lives, type Task } from './task'
import { WORDS } from './words'

export default function Job() {
  const { t } = useTranslation(WORDS)
  const { id = '' } = useParams()
  const name = useKindName()
  const task = useTask(id)
  const missing = task.error instanceof Problem && task.error.status === 404
  useFollowed(missing ? null : id)
  return (
    <Page
      title={task.data ? name(task.data.type) : t('task')}
      actions={
        <>
          <LiveBadge />
          {task.data && <Acts task={task.data} />}
        </>
      }
    >
      <Anchor component={Link} to="/jobs" size="sm">
        {t('to_all')}
      </Anchor>
      {missing ? <Empty>{t('gone')}</Empty> : <Shown of={task}>{(found) => <Whole task={found} />}</Shown>}
    </Page>
  )
}

function Acts({ task }: { task: Task }) {
  const { t } = useTranslation(WORDS)
  const mine = useMine()
  const cancel = useAct('cancel')
  const retry = useAct('retry')
  if (!mine(task)) return null
  const ask = () =>
    confirm(t, {
      title: t('cancel_title'),
      text: t('cancel_text'),
      act: t('cancel_act'),
      done: () => cancel.mutate(task.id),
    })
  if (lives(task.state))
    return (
      <Button
        variant="default"
        leftSection={<Square size={16} aria-hidden />}
        onClick={ask}
        loading={cancel.isPending}
        disabled={task.cancel_requested}
      >
        {task.cancel_requested ? t('cancelling') : t('cancel_act')}
      </Button>
    )
  if (task.state !== 'failed') return null
  return (
    <Button
      leftSection={<RotateCcw size={16} aria-hidden />}
      onClick={() => retry.mutate(task.id)}
      loading={retry.isPending}
    >
      {t('retry')}
    </Button>
  )
}

function Whole({ task }: { task: Task }) {
  const { t } = useTranslation(WORDS)
  return (
    <Stack gap="lg">
      <Paper withBorder p="md">
        <Stack gap="sm">
          <Group justify="space-between">
            <StateBadge state={task.state} size="lg" />
            <VisuallyHidden role="status">{t(`state_${task.state}`)}</VisuallyHidden>
            <Text size="sm" c="dimmed">
              {task.state === 'retrying' && task.next_attempt_at ? (
                <>
                  {t('next_attempt')} <Moment at={task.next_attempt_at} />
                </>
              ) : (
                t(`means_${task.state}`)
              )}
            </Text>
          </Group>
          <Bar task={task} />
        </Stack>
      </Paper>
      {task.error && <Why task={task} />}
      {task.result && (
        <section aria-labelledby="result">
          <Title order={2} size="h4" id="result" mb="sm">
            {t('result')}
          </Title>
          <Result task={task} />
        </section>
      )}
      <Members of={useMembers(task)} />
    </Stack>
  )
}

function Why({ task: { error, state } }: { task: Task }) {
  const { t } = useTranslation(WORDS)
  if (!error) return null
  return (
    <Alert
      color={state === 'failed' ? 'red' : 'yellow'}
      icon={<CircleX aria-hidden />}
      title={error.title}
      data-testid="why"
    >
      <Text size="sm">{error.detail}</Text>
      <Text size="xs" c="dimmed" ff="monospace">
        {error.code}
      </Text>
      {state === 'failed' && (
        <Text size="sm" mt="xs">
          {t('mend_first')}
        </Text>
      )}
    </Alert>
  )
}

function useMembers(task: Task): [string, React.ReactNode][] {
  const { t } = useTranslation(WORDS)
  const { started_at, finished_at } = task
  const took =
    started_at && finished_at ? stretch((new Date(finished_at).getTime() - new Date(started_at).getTime()) / 1000) : '–'
  return [
    [t('created'), <Moment key="created" at={task.created_at} exact />],
    [t('started'), <Moment key="started" at={started_at} exact />],
    [t('finished'), <Moment key="finished" at={finished_at} exact />],
    [t('took'), took],
    [t('attempts'), task.attempts],
    [t('kind'), task.type],
    [t('created_by'), task.created_by],
    [t('id'), task.id],
  ]
}
