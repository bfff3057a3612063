import { useQuery } from '@tanstack/react-query'
import { answer, api } from '~/api/client'

/** How people may come in here. */
export function useWays() {
  return useQuery({
    queryKey: ['ways'],
    queryFn: async () => (await answer(api.GET('/api/v2/auth/ways'))).data,
    staleTime: 60_000,
  })
}
