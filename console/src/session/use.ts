import { useQuery } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { answer, api } from '~/api/client'
import { runs } from './permissions'
import { type Snapshot, session } from './session'

/** Whether somebody is signed in here; follows all tabs. */
export function useSession(): Snapshot {
  return useSyncExternalStore(session.subscribe, session.snapshot)
}

/** Who is signed in: name, tenant, roles, permissions. */
export function useMe() {
  const { state } = useSession()
  return useQuery({
    queryKey: ['me'],
    queryFn: async () => (await answer(api.GET('/api/v2/auth/me'))).data,
    enabled: state === 'in',
    staleTime: 60_000,
  })
}

/** What can be held in the caller's tenant, in words, and what of it the caller holds. */
export function usePermissions() {
  const { state } = useSession()
  return useQuery({
    queryKey: ['permissions'],
    queryFn: async () => (await answer(api.GET('/api/v2/permissions'))).data,
    enabled: state === 'in',
    staleTime: 60_000,
  })
}

/**
 * Says of a permission whether the caller holds it; false for all until it is known who is calling, and for what this
 * deployment does not have.
 */
export function useMay(): (permission: string) => boolean {
  const { data } = usePermissions()
  const held = new Set(data?.filter((one) => one.held).map((one) => one.name))
  return (permission) => held.has(permission)
}

/** Whether a product runs here; false until it is known. */
export function useProduct(product: string): boolean {
  const { data } = usePermissions()
  return runs(product, data ?? [])
}
