import { Alert, Anchor, Button, Checkbox, Group, SimpleGrid, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { answer, api } from '~/api/client'
import { useKeys } from '~/api/repeated'
import { useAsked } from '~/look/asked'
import { confirm } from '~/look/confirm'
import { Failure } from '~/look/Failure'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Pager } from '~/look/Pager'
import { Permitted } from '~/look/Permitted'
import { type Column, Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { KindSelect } from '~/pages/jobs/KindSelect'
import { useKindName } from '~/pages/jobs/kinds'
import { useTasks } from '~/pages/jobs/queries'
import type { Task } from '~/pages/jobs/task'
import { useMay } from '~/session/use'
import { addWords } from '~/words/words'
import { shownOf, toggled } from './chosen'
import en from './en.json'
import ptBR from './pt-BR.json'

addWords('dead_letters', en, ptBR)
const WORDS = ['dead_letters', 'common']
/** What the API begins anew in one go. */
const MOST = 1000

export default function DeadLetters() {
  const { t } = useTranslation(WORDS)
  return (
    <Page title={t('title')} about={t('about')}>
      <Permitted permission="tasks:read">
        <Letters />
      </Permitted>
    </Page>
  )
}

interface Order {
  ids?: string[]
  type?: string
  /** How many there are of what is asked for, as far as is known here. */
  known: number
}

function useRetry(done: () => void) {
  const client = useQueryClient()
  const keys = useKeys()
  return useMutation({
    mutationFn: async ({ ids, type, known }: Order) => {
      const params = { header: { 'Idempotency-Key': keys.of({ ids, type }) } }
      const { data } = await answer(api.POST('/api/v2/tasks/retry', { params, body: { ids, type, limit: MOST } }))
      return { retried: data.retried, left: Math.max(0, Math.min(known, MOST) - data.retried) }
    },
    onSuccess: done,
    onSettled: (_, error) => {
      keys.ended(error)
      return client.invalidateQueries({ queryKey: ['tasks'] })
    },
  })
}

function Letters() {
  const { t } = useTranslation(WORDS)
  const asked = useAsked()
  const may = useMay()('tasks:write')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const retry = useRetry(() => setChosen(new Set()))
  const type = asked.get('type') || undefined
  const tasks = useTasks({ state: 'failed', type, page: asked.page })
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} component="search">
        <KindSelect value={asked.get('type')} put={(value) => asked.put({ type: value })} />
      </SimpleGrid>
      {!may && <Alert color="gray">{t('only_look')}</Alert>}
      <div role="status">
        {retry.data && (
          <Alert color="teal" title={t('retried', { count: retry.data.retried })} data-testid="retried">
            {retry.data.left > 0 ? t('left', { count: retry.data.left }) : t('watch')}
          </Alert>
        )}
      </div>
      {retry.error && <Failure error={retry.error} />}
      <Shown of={tasks}>
        {({ data, meta }) => {
          const selected = shownOf(chosen, data)
          const total = meta.pagination?.total ?? data.length
          return (
            <>
              {may && data.length > 0 && (
                <Acts
                  selected={selected}
                  shown={data}
                  total={total}
                  type={type}
                  busy={retry.isPending}
                  choose={(all) => setChosen(new Set(all ? data.map(({ id }) => id) : []))}
                  order={retry.mutate}
                />
              )}
              <Table
                rows={data}
                filtered={type !== undefined}
                chosen={chosen}
                choose={may ? (id) => setChosen(toggled(chosen, id)) : null}
                retry={may ? (id) => retry.mutate({ ids: [id], known: 1 }) : null}
              />
              <Pager pagination={meta.pagination} go={(page) => asked.put({ page: String(page) })} />
            </>
          )
        }}
      </Shown>
    </Stack>
  )
}

interface ActsProps {
  selected: string[]
  shown: Task[]
  total: number
  type: string | undefined
  busy: boolean
  choose: (all: boolean) => void
  order: (order: Order) => void
}

function Acts({ selected, shown, total, type, busy, choose, order }: ActsProps) {
  const { t } = useTranslation(WORDS)
  const count = Math.min(total, MOST)
  const ask = (title: string, asked: Order) =>
    confirm(t, { title, text: t('confirm_text'), act: t('confirm_act'), done: () => order(asked) })
  return (
    <Group justify="space-between">
      <Checkbox
        label={t('choose_all', { count: shown.length })}
        checked={selected.length === shown.length}
        indeterminate={selected.length > 0 && selected.length < shown.length}
        onChange={(event) => choose(event.currentTarget.checked)}
      />
      <Group gap="xs">
        <Button
          variant="default"
          disabled={selected.length === 0 || busy}
          onClick={() =>
            ask(t('selected_title', { count: selected.length }), { ids: selected, known: selected.length })
          }
        >
          {t('retry_selected', { count: selected.length })}
        </Button>
        <Button
          leftSection={<RotateCcw size={16} aria-hidden />}
          disabled={busy}
          onClick={() => ask(t('all_title', { count }), { type, known: total })}
        >
          {t('retry_all', { count })}
        </Button>
      </Group>
    </Group>
  )
}

interface TableProps {
  rows: Task[]
  filtered: boolean
  chosen: ReadonlySet<string>
  /** Null where the caller may only look. */
  choose: ((id: string) => void) | null
  retry: ((id: string) => void) | null
}

function Table({ rows, filtered, chosen, choose, retry }: TableProps) {
  const { t } = useTranslation(WORDS)
  const name = useKindName()
  const columns: Column<Task>[] = [
    {
      key: 'type',
      head: t('task'),
      cell: (task) => (
        <Group gap="sm" wrap="nowrap">
          {choose && (
            <Checkbox
              checked={chosen.has(task.id)}
              onChange={() => choose(task.id)}
              aria-label={t('choose', { name: name(task.type), id: task.id.slice(-6) })}
            />
          )}
          <Anchor component={Link} to={`/jobs/${task.id}`} size="sm" fw={500} title={task.id}>
            {name(task.type)}
          </Anchor>
        </Group>
      ),
    },
    { key: 'cause', head: t('cause'), cell: (task) => <Cause task={task} /> },
    { key: 'attempts', head: t('attempts'), align: 'right', cell: (task) => task.attempts },
    { key: 'by', head: t('by'), cell: (task) => <Text size="sm">{task.created_by}</Text> },
    { key: 'failed', head: t('failed'), cell: (task) => <Moment at={task.finished_at} /> },
  ]
  if (retry)
    columns.push({
      key: 'retry',
      head: t('actions', { ns: 'common' }),
      cell: (task) => (
        <Button
          size="xs"
          variant="default"
          onClick={() => retry(task.id)}
          aria-label={t('retry_one', { name: name(task.type), id: task.id.slice(-6) })}
        >
          {t('retry')}
        </Button>
      ),
    })
  return (
    <Rows
      caption={t('title')}
      columns={columns}
      rows={rows}
      id={(task) => task.id}
      empty={filtered ? t('nothing_found', { ns: 'common' }) : t('none')}
    />
  )
}

function Cause({ task: { error } }: { task: Task }) {
  if (!error) return <>–</>
  return (
    <div>
      <Text size="sm" fw={500}>
        {error.title}
      </Text>
      <Text size="sm" c="dimmed">
        {error.detail}
      </Text>
    </div>
  )
}
