import { queryOptions } from '@tanstack/react-query'
import { api } from '~/api/client'
import { Problem } from '~/api/problem'
import { pause } from '~/api/queries'
import type { paths } from '~/api/schema'

type Answered = paths['/api/v2/outages/summary']['get']['responses'][200]['content']['application/json']
export type Summary = Answered['data']
export type Municipio = Summary['municipios'][number]
export type Band = Summary['bands'][number]

export interface Known {
  summary: Summary
  /** The API could give nothing newer: its database is away. */
  stale: boolean
}

const EVERY = 60_000
const PATIENCE = 10_000
const LONGEST_PAUSE = 15_000

/** What the page's document brought along, so that there is something to show before anybody was asked. */
export function brought(): Known | undefined {
  const text = document.querySelector<HTMLMetaElement>('meta[name="esteio-outages"]')?.content
  return text ? { summary: JSON.parse(text) as Summary, stale: false } : undefined
}

async function read(): Promise<Known> {
  const { data, response } = await api.GET('/api/v2/outages/summary', {
    cache: 'no-store', // a 304 would bring back the moment of the answer before
    signal: AbortSignal.timeout(PATIENCE),
  })
  return { summary: (data as Answered).data, stale: response.headers.get('X-Cache') === 'STALE' }
}

/** The summary; asked again each minute, since outages that were announced begin and end by themselves. */
export const summaryQuery = queryOptions({
  queryKey: ['outages', 'summary'],
  queryFn: read,
  initialData: brought,
  staleTime: 0,
  refetchInterval: EVERY,
  retry: true,
  // What the API asks for is waited for; what we choose ourselves stays short, since people look on.
  retryDelay: (failures, error) =>
    error instanceof Problem && error.retryAfter !== null
      ? pause(failures, error)
      : Math.min(LONGEST_PAUSE, pause(failures, error)),
})
