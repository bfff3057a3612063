import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { answer, api } from '~/api/client'
import { useKeys } from '~/api/repeated'
import type { components } from '~/api/schema'
import { seldom } from '~/live/seldom'
import { useLive } from '~/live/use'
import { useFailureWords } from '~/look/Failure'
import { tell, tellFailure } from '~/look/tell'
import { lookAgain } from './looking'

export type Endpoint = components['schemas']['EndpointView']
export type Delivery = components['schemas']['DeliveryView']
export type DeliveryDetail = components['schemas']['DeliveryDetailView']
export type Attempt = components['schemas']['AttemptView']
export type Receipt = components['schemas']['ReceiptView']

const EACH = 10_000
/** Deliveries follow their facts by a moment: a second look shows what became of them. */
const AFTER = 1_500

export function useEndpoints(query: { enabled?: boolean; page?: number; per_page?: number }) {
  return useQuery({
    queryKey: ['webhooks', 'endpoints', query],
    queryFn: async () => answer(api.GET('/api/v2/webhooks/endpoints', { params: { query } })),
    placeholderData: keepPreviousData,
    refetchInterval: EACH,
  })
}

export function useEndpoint(id: string) {
  const path = { endpoint_id: id }
  return useQuery({
    queryKey: ['webhooks', 'endpoint', id],
    queryFn: async () => (await answer(api.GET('/api/v2/webhooks/endpoints/{endpoint_id}', { params: { path } }))).data,
    refetchInterval: EACH,
  })
}

export function useEvents() {
  return useQuery({
    queryKey: ['webhooks', 'events'],
    queryFn: async () => (await answer(api.GET('/api/v2/webhooks/events'))).data,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

interface DeliveriesAsked {
  endpoint_id?: string
  state?: Delivery['state']
  event?: string
  page?: number
  per_page?: number
}

/** Deliveries are read anew when a fact is told, from which new ones come, and now and then, since no fact tells how they go. */
export function useDeliveries(query: DeliveriesAsked) {
  const client = useQueryClient()
  const anew = useMemo(() => {
    const read = () => void client.invalidateQueries({ queryKey: ['webhooks', 'deliveries'] })
    return seldom(() => {
      read()
      setTimeout(read, AFTER)
    }, 2 * AFTER)
  }, [client])
  useLive('events', (fact) => fact.event !== 'task.running' && anew(), anew)
  return useQuery({
    queryKey: ['webhooks', 'deliveries', query],
    queryFn: async () => answer(api.GET('/api/v2/webhooks/deliveries', { params: { query } })),
    placeholderData: keepPreviousData,
    refetchInterval: EACH,
  })
}

export function useDelivery(id: string) {
  const path = { delivery_id: id }
  return useQuery({
    queryKey: ['webhooks', 'delivery', id],
    queryFn: async () =>
      (await answer(api.GET('/api/v2/webhooks/deliveries/{delivery_id}', { params: { path } }))).data,
    refetchInterval: ({ state }) => (state.data ? lookAgain(state.data, Date.now()) : false),
  })
}

export function useReceipts(query: { source?: string; sender_id?: string; page?: number }) {
  return useQuery({
    queryKey: ['webhooks', 'receipts', query],
    queryFn: async () => answer(api.GET('/api/v2/webhooks/receipts', { params: { query } })),
    placeholderData: keepPreviousData,
    refetchInterval: EACH,
  })
}

export function useReceipt(id: string) {
  const path = { receipt_id: id }
  return useQuery({
    queryKey: ['webhooks', 'receipt', id],
    queryFn: async () => (await answer(api.GET('/api/v2/webhooks/receipts/{receipt_id}', { params: { path } }))).data,
  })
}

interface Doing<T> {
  /** What is said once it is done. */
  said?: string
  done?: (found: T) => void
  /** What is read anew, where not all of it is. */
  anew?: string[]
  /** A refusal is shown where the words were typed; else it is said briefly. */
  shown?: boolean
}

/**
 * Something that is done to webhooks; all that is shown of them is read anew after it. A POST sends the header it is
 * given: the same asked again after a lost answer is done once.
 */
export function useDoing<A, T>(
  work: (asked: A, header: { 'Idempotency-Key': string }) => Promise<T>,
  { said, done, shown = false, anew = [] }: Doing<T> = {},
) {
  const words = useFailureWords()
  const client = useQueryClient()
  const keys = useKeys()
  return useMutation({
    mutationFn: (asked: A) => work(asked, { 'Idempotency-Key': keys.of(asked) }),
    onSuccess: (found) => {
      if (said) tell(said)
      done?.(found)
    },
    onError: (error) => {
      if (!shown) tellFailure(words(error))
    },
    onSettled: (_, error) => {
      keys.ended(error)
      return client.invalidateQueries({ queryKey: ['webhooks', ...anew] })
    },
  })
}
