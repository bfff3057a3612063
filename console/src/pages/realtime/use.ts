import { useEffect, useState, useSyncExternalStore } from 'react'
import { answer, api } from '~/api/client'
import { opener } from '~/live/live'
import { Inspection } from './inspection'

const ticket = async () => (await answer(api.POST('/api/v2/realtime/tickets'))).data.ticket

/** A connection for as long as the page is shown, and what is seen of it. */
export function useInspection() {
  const [inspection] = useState(() => new Inspection(opener(ticket)))
  const seen = useSyncExternalStore(inspection.watch, inspection.seen)
  useEffect(() => {
    inspection.enter()
    return () => inspection.leave()
  }, [inspection])
  return { inspection, seen }
}
