import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'
import { useFailureWords } from '~/look/Failure'
import { tell, tellFailure } from '~/look/tell'

export type StandIn = components['schemas']['StandInView']
export type Fault = components['schemas']['FaultView']
export type Payment = components['schemas']['PaymentView']
export type Outcome = components['schemas']['OutcomeSetting']['outcome']

const EACH = 10_000

export function useStandIns() {
  return useQuery({
    queryKey: ['stand-ins', 'list'],
    queryFn: async () => (await answer(api.GET('/api/v2/development/stand-ins'))).data,
    refetchInterval: EACH,
  })
}

export function useRequests(name: string, shown: boolean) {
  const path = { name }
  return useQuery({
    queryKey: ['stand-ins', 'requests', name],
    queryFn: async () =>
      (await answer(api.GET('/api/v2/development/stand-ins/{name}/requests', { params: { path } }))).data,
    enabled: shown,
    refetchInterval: EACH,
  })
}

export function usePayments(page: number) {
  return useQuery({
    queryKey: ['stand-ins', 'payments', page],
    queryFn: async () => answer(api.GET('/api/v2/development/payments', { params: { query: { page } } })),
    placeholderData: keepPreviousData,
    refetchInterval: EACH,
  })
}

/** Something that is told to a stand-in; `said` is what was done, once it is. All that is shown is read anew then. */
export function useTelling<T>(work: (told: T) => Promise<unknown>, said: string) {
  const words = useFailureWords()
  const client = useQueryClient()
  return useMutation({
    mutationFn: work,
    onSuccess: () => tell(said),
    onError: (error) => tellFailure(words(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['stand-ins'] }),
  })
}

interface Switching {
  fault: string
  on: boolean
  path?: string
  seconds?: number
}

export function useSwitch(name: string) {
  const { t } = useTranslation('stand_ins')
  return useTelling(
    ({ fault, on, path, seconds }: Switching) =>
      on
        ? api.PUT('/api/v2/development/stand-ins/{name}/faults/{fault}', {
            params: { path: { name, fault } },
            body: { path: path || null, seconds: seconds ?? null },
          })
        : api.DELETE('/api/v2/development/stand-ins/{name}/faults/{fault}', {
            params: { path: { name, fault }, query: path ? { path } : {} },
          }),
    t('switched'),
  )
}
