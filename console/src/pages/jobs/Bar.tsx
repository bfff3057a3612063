import { Group, Progress, Stack, Text } from '@mantine/core'
import { useReducedMotion } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'
import { number } from '~/words/formats'
import { lives, percent, type Task } from './task'
import { WORDS } from './words'

const COLORS: Partial<Record<Task['state'], string>> = { succeeded: 'teal', failed: 'red', cancelled: 'gray' }

/** How far a task is: a bar, and what it counts in words. */
export function Bar({ task, small = false }: { task: Task; small?: boolean }) {
  const { t } = useTranslation(WORDS)
  const share = percent(task)
  const calm = useReducedMotion()
  const moves = lives(task.state) && !calm
  return (
    <Stack gap={4}>
      <Progress.Root size={small ? 'sm' : 'xl'} data-testid="bar" data-share={share ?? ''}>
        {share === null ? (
          <Progress.Section value={task.state === 'running' ? 100 : 0} striped animated={moves} withAria={false} />
        ) : (
          <Progress.Section
            value={share}
            color={COLORS[task.state]}
            striped={lives(task.state)}
            animated={moves}
            aria-label={t('progress')}
            aria-valuetext={`${share} %`}
          />
        )}
      </Progress.Root>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size={small ? 'xs' : 'sm'} c="dimmed" component="span">
          <Counted task={task} />
        </Text>
        {share !== null && (
          <Text size={small ? 'xs' : 'sm'} fw={600} component="span">
            {number(share)} %
          </Text>
        )}
      </Group>
    </Stack>
  )
}

/** `1,200 of 5,000 rows`; what is counted stands as the API names it where there is no word for it. */
function Counted({ task: { progress, state } }: { task: Task }) {
  const { t } = useTranslation(WORDS)
  const { done, total, unit, message } = progress
  const name = unit ? t(`unit_${unit}`, { defaultValue: unit }) : ''
  if (message) return <>{message}</>
  if (done === null) return <>{state === 'queued' ? t('waits') : '–'}</>
  if (total === null) return <>{`${number(done)} ${name}`}</>
  return <>{`${t('done_of', { done: number(done), total: number(total) })} ${name}`}</>
}
