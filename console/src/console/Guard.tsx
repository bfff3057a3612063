import { Suspense } from 'react'
import { Navigate, useLocation } from 'react-router'
import { part } from '~/look/loaded'
import { useSession } from '~/session/use'

// Who signs in first needs neither the menu nor its pages.
const Shell = part(() => import('./Shell'))

/** The pages of who is signed in; others are sent to the sign-in page and come back from there. */
export function Guard() {
  const { state, reason } = useSession()
  const here = useLocation()
  if (state === 'starting') return null
  if (state === 'out') {
    const next = reason === 'left' ? '' : `?next=${encodeURIComponent(here.pathname + here.search)}`
    return <Navigate to={`/sign-in${next}`} state={{ expired: reason === 'expired' }} replace />
  }
  return (
    <Suspense>
      <Shell />
    </Suspense>
  )
}
