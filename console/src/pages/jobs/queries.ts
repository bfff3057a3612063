import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { useKeys } from '~/api/repeated'
import type { Fact } from '~/live/live'
import { seldom } from '~/live/seldom'
import { useLive } from '~/live/use'
import { useFailureWords } from '~/look/Failure'
import { tell, tellFailure } from '~/look/tell'
import { useMay, useMe } from '~/session/use'
import { followed, type State, type Task, unsaid } from './task'
import { WORDS } from './words'

const EACH = 10_000
const LISTS = ['tasks', 'list']
const one = (id: string) => ['tasks', 'one', id]

export interface Asked {
  state?: State
  type?: string
  page?: number
  per_page?: number
}

/**
 * A page of the tasks. Their states come by themselves (`Followed`); new ones by the channel of all facts where the
 * caller may listen to it, and for others by asking now and then, since no channel tells them.
 */
export function useTasks(query: Asked) {
  const client = useQueryClient()
  const anew = useMemo(() => seldom(() => void client.invalidateQueries({ queryKey: LISTS }), 1000), [client])
  const may = useMay()
  useLive(may('webhooks:read') ? 'events' : null, (fact) => {
    if (fact.event.startsWith('task.') && fact.event !== 'task.running') anew()
  })
  return useQuery({
    queryKey: [...LISTS, query],
    queryFn: async () => answer(api.GET('/api/v2/tasks', { params: { query } })),
    placeholderData: keepPreviousData,
    refetchInterval: EACH,
  })
}

export function useTypes() {
  return useQuery({
    queryKey: ['tasks', 'types'],
    queryFn: async () => (await answer(api.GET('/api/v2/tasks/types'))).data,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export async function readTask(id: string): Promise<Task> {
  return (await answer(api.GET('/api/v2/tasks/{task_id}', { params: { path: { task_id: id } } }))).data
}

export function useTask(id: string) {
  return useQuery({ queryKey: one(id), queryFn: () => readTask(id) })
}

/** What is shown of a task, on its page and in lists, follows it while somebody looks. `null` follows nothing. */
export function useFollowed(id: string | null): void {
  const client = useQueryClient()
  const anew = () => client.invalidateQueries({ queryKey: one(id ?? '') })
  const lists = useMemo(() => seldom(() => void client.invalidateQueries({ queryKey: LISTS }), 1000), [client])
  function onFact(fact: Fact): void {
    const before = client.getQueryData<Task>(one(id ?? ''))
    client.setQueryData<Task>(one(id ?? ''), (task) => task && followed(task, fact))
    client.setQueriesData<{ data: Task[] }>(
      { queryKey: LISTS },
      (page) => page && { ...page, data: page.data.map((task) => followed(task, fact)) },
    )
    if (before && unsaid(before, fact)) void anew()
    if (fact.event !== 'task.running') lists()
  }
  useLive(id && `tasks.${id}`, onFact, () => {
    void anew()
    lists()
  })
}

/** Whether the caller may cancel the task or try it again. */
export function useMine(): (task: Task) => boolean {
  const { data } = useMe()
  const may = useMay()
  return (task) => task.created_by === data?.id || may('tasks:write')
}

/** Cancel a task, or let one that failed run again. */
export function useAct(act: 'cancel' | 'retry') {
  const { t } = useTranslation(WORDS)
  const words = useFailureWords()
  const client = useQueryClient()
  const keys = useKeys()
  return useMutation({
    mutationFn: async (id: string) => {
      const params = { path: { task_id: id }, header: { 'Idempotency-Key': keys.of(id) } }
      if (act === 'cancel') return answer(api.POST('/api/v2/tasks/{task_id}/cancel', { params }))
      return answer(api.POST('/api/v2/tasks/{task_id}/retry', { params }))
    },
    onSuccess: ({ data }) => {
      client.setQueryData(one(data.id), data)
      tell(t(`${act}_done`))
    },
    onError: (error) => tellFailure(words(error)),
    onSettled: (_, error) => {
      keys.ended(error)
      return client.invalidateQueries({ queryKey: ['tasks'] })
    },
  })
}
