import { useEffect, useRef, useSyncExternalStore } from 'react'
import { answer, api } from '~/api/client'
import { session } from '~/session/session'
import { type Fact, Live, opener, type Standing } from './live'

/** The connection of this page, as whoever is signed in. */
export const live = new Live(
  opener(async () => (session.isIn ? (await answer(api.POST('/api/v2/realtime/tickets'))).data.ticket : null)),
)

/** How the connection stands; for a sign that what is shown may be old. */
export function useStanding(): Standing {
  return useSyncExternalStore(live.watch, live.standing)
}

/**
 * Listen to a channel while the component is shown; `null` listens to nothing. `onGap` is called when listening has
 * begun and whenever something was missed: read the state anew there.
 */
export function useLive(channel: string | null, onFact: (fact: Fact) => void, onGap: () => void = () => {}): void {
  const latest = useRef({ onFact, onGap })
  latest.current = { onFact, onGap }
  useEffect(() => {
    if (!channel) return
    return live.listen(channel, {
      onFact: (fact) => latest.current.onFact(fact),
      onGap: () => latest.current.onGap(),
    })
  }, [channel])
}
