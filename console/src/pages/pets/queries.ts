import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { answer, api, tagged } from '~/api/client'
import type { components, operations } from '~/api/schema'
import type { Fact } from '~/live/live'
import { seldom } from '~/live/seldom'
import { useLive } from '~/live/use'
import { followed, type Listed, type Pet } from './following'

export type Asked = NonNullable<operations['list_pets_api_v2_pets_get']['parameters']['query']>
export type Status = Pet['status']
export type Species = Pet['species']
export type NewPet = components['schemas']['NewPet']

export const SPECIES: Species[] = ['dog', 'cat', 'bird', 'rodent', 'reptile', 'fish', 'other']
export const STATUSES: Status[] = ['active', 'fed', 'hungry', 'sick', 'in_treatment', 'adopted', 'lost', 'deceased']
export const SEXES = ['female', 'male', 'unknown'] as const

const LIST = ['pets', 'list']
const ONE_IN = 1000

/** A page of the list. It follows what anybody does: at once in its rows, and soon in what belongs to it. */
export function usePets(asked: Asked) {
  const client = useQueryClient()
  const pets = useQuery({
    queryKey: [...LIST, asked],
    queryFn: async () => answer(api.GET('/api/v2/pets', { params: { query: asked } })),
    placeholderData: keepPreviousData,
  })
  const anew = useMemo(() => seldom(() => void client.invalidateQueries({ queryKey: LIST }), ONE_IN), [client])
  useLive(
    'pets',
    (fact: Fact) => {
      client.setQueriesData<{ data: Listed[] }>(
        { queryKey: LIST },
        (page) => page && { ...page, data: followed(page.data, fact) },
      )
      anew()
    },
    anew,
  )
  return pets
}

/** A pet with the tag that a change of it needs. It follows what anybody does to it. */
export function usePet(id: string) {
  const client = useQueryClient()
  const path = { pet_id: id }
  const pet = useQuery({
    queryKey: ['pets', 'one', id],
    queryFn: async () => {
      const { body, etag } = await tagged(api.GET('/api/v2/pets/{pet_id}', { params: { path } }))
      return { pet: body.data as Pet, etag }
    },
  })
  const anew = useMemo(() => seldom(() => void client.invalidateQueries({ queryKey: ['pets'] }), ONE_IN), [client])
  useLive(`pets.${id}`, anew, anew)
  return pet
}

export function useFeedings(id: string, page: number) {
  const path = { pet_id: id }
  return useQuery({
    queryKey: ['pets', 'feedings', id, page],
    queryFn: async () => answer(api.GET('/api/v2/pets/{pet_id}/feedings', { params: { path, query: { page } } })),
    placeholderData: keepPreviousData,
  })
}
