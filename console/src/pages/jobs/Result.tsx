import { Alert, Button, Group, Paper, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Download, FileText } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Exact } from '~/look/Exact'
import { useFailureWords } from '~/look/Failure'
import { Members } from '~/look/Members'
import { Moment } from '~/look/Moment'
import { type Column, Rows } from '~/look/Rows'
import { tellFailure } from '~/look/tell'
import { prefix } from '~/place'
import { bytes, number } from '~/words/formats'
import { readTask } from './queries'
import { type FileRef, partsOf, type RowProblem } from './result'
import type { Task } from './task'
import { WORDS } from './words'

/** What came of a task: its file, its figures, what is wrong with rows that were not taken. */
export function Result({ task }: { task: Task }) {
  const { t } = useTranslation(WORDS)
  const { file, problems, figures, rest } = partsOf(task.result ?? {})
  const shown = figures.filter(([name, value]) => !(name === 'more_errors' && value === 0))
  return (
    <Stack>
      {file && <Fetched task={task} file={file} />}
      {shown.length > 0 && (
        <Members
          of={shown.map(([name, value]) => [
            t(`figure_${name}`, { defaultValue: name }),
            typeof value === 'number' ? number(value, 3) : String(value),
          ])}
        />
      )}
      {problems.length > 0 && <Problems problems={problems} />}
      {Object.keys(rest).length > 0 && <Exact label={t('result')} text={JSON.stringify(rest, null, 2)} />}
    </Stack>
  )
}

function Fetched({ task, file }: { task: Task; file: FileRef }) {
  const { t } = useTranslation(WORDS)
  const fetching = useDownload(task.id)
  if (!file.url) return <Alert color="gray">{t('file_gone', { name: file.name })}</Alert>
  return (
    <Paper withBorder p="md">
      <Group justify="space-between">
        <Group gap="sm" wrap="nowrap">
          <FileText aria-hidden />
          <div>
            <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
              {file.name}
            </Text>
            <Text size="sm" c="dimmed">
              {bytes(file.bytes)} · {t('kept_until')} <Moment at={file.expires_at} exact />
            </Text>
          </div>
        </Group>
        <Button
          leftSection={<Download size={16} aria-hidden />}
          onClick={() => fetching.mutate()}
          loading={fetching.isPending}
        >
          {t('download')}
        </Button>
      </Group>
    </Paper>
  )
}

/** A link holds for a while only and is made when the task is read: it is read anew before each download. */
function useDownload(id: string) {
  const { t } = useTranslation(WORDS)
  const words = useFailureWords()
  return useMutation({
    mutationFn: () => readTask(id),
    onSuccess: ({ result }) => {
      const file = partsOf(result ?? {}).file
      if (!file?.url) return tellFailure(t('file_gone', { name: file?.name ?? '' }))
      const link = document.createElement('a')
      link.href = `${prefix}${file.url}`
      link.download = file.name
      link.click()
    },
    onError: (error) => tellFailure(words(error)),
  })
}

function Problems({ problems }: { problems: RowProblem[] }) {
  const { t } = useTranslation(WORDS)
  const columns: Column<RowProblem>[] = [
    { key: 'row', head: t('row'), cell: ({ row }) => number(row) },
    { key: 'field', head: t('field'), cell: ({ field }) => field ?? '–' },
    { key: 'message', head: t('problem'), cell: ({ message }) => message },
  ]
  return (
    <Rows
      caption={t('problems')}
      columns={columns}
      rows={problems}
      id={({ row, field, message }) => `${row} ${field} ${message}`}
    />
  )
}
