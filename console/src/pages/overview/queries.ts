import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'
import { freshFor, type Period } from '~/look/Period'

export type Traffic = components['schemas']['TrafficView']
export type Health = components['schemas']['HealthView']
export type Figures = Pick<Traffic['totals'], 'requests' | 'error_rate' | 'limited' | 'latency_ms'>

/** What was asked in the period; of one's own tenant where none is named. Read anew by itself while it is looked at. */
export function useTraffic(period: Period, tenant: string | undefined, enabled: boolean) {
  return useQuery({
    queryKey: ['traffic', period, tenant ?? ''],
    queryFn: () => answer(api.GET('/api/v2/metrics', { params: { query: { period, tenant } } })),
    placeholderData: keepPreviousData,
    refetchInterval: freshFor(period),
    enabled,
  })
}

/** How each part of the house stands, as far as the caller is told. */
export function useHealth() {
  return useQuery({
    queryKey: ['health'],
    queryFn: async () => (await answer(api.GET('/api/v2/health', { params: { query: { detailed: true } } }))).data,
    refetchInterval: 30_000,
  })
}

/** Whether the tenant has an API key that is not revoked; nothing for who may not see that. */
export function useHasKeys(enabled: boolean) {
  return useQuery({
    queryKey: ['keys', 'any'],
    queryFn: async () =>
      (await answer(api.GET('/api/v2/keys', { params: { query: { revoked: false, per_page: 1 } } }))).data.length > 0,
    staleTime: 60_000,
    enabled,
  })
}
