import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { type Order, readOffer, readOrder } from './api'
import { Following, type Standing } from './following'
import { sender } from './sending'
import { MOVING } from './states'
import { type Bounds, type Upload, Uploads } from './uploads'

const LOOKED_AFTER = 4_000
const RARELY = 30_000

export const useOffer = () => useQuery({ queryKey: ['offer'], queryFn: readOffer, staleTime: Number.POSITIVE_INFINITY })

const keyOf = (link: string) => ['order', link]

function heard(listener: () => void): () => void {
  window.addEventListener('online', listener)
  window.addEventListener('offline', listener)
  return () => {
    window.removeEventListener('online', listener)
    window.removeEventListener('offline', listener)
  }
}

/** Whether the device has a network. What streams over one that has gone does not hear of that by itself. */
export const useOnline = () => useSyncExternalStore(heard, () => navigator.onLine)

/** Writes what an operation answered: it is newer than what was read. */
export function useShowOrder(link: string): (order: Order) => void {
  const queries = useQueryClient()
  return (order) => {
    void queries.cancelQueries({ queryKey: keyOf(link) })
    queries.setQueryData<Order>(keyOf(link), (shown) => (shown && shown.version > order.version ? shown : order))
  }
}

/**
 * The order, kept fresh: read when its stream says so, when the page is looked at again, and every few seconds while
 * the stream is away and something is under way.
 */
export function useOrder(link: string) {
  const [standing, setStanding] = useState<Standing>('connecting')
  const queries = useQueryClient()
  useEffect(() => {
    const read = () => void queries.invalidateQueries({ queryKey: keyOf(link) })
    const following = new Following(link, read, setStanding)
    following.start()
    const looked = () => document.visibilityState === 'visible' && following.hurry()
    window.addEventListener('online', following.hurry)
    document.addEventListener('visibilitychange', looked)
    return () => {
      following.stop()
      window.removeEventListener('online', following.hurry)
      document.removeEventListener('visibilitychange', looked)
    }
  }, [link, queries])
  const asked = useQuery({
    queryKey: keyOf(link),
    queryFn: () => readOrder(link),
    refetchInterval: ({ state }) => {
      const moving = state.data && MOVING.includes(state.data.state)
      if (standing === 'open') return moving ? RARELY : false
      return moving ? LOOKED_AFTER : RARELY
    },
  })
  return { ...asked, standing }
}

/** What is sent to an order, and what of its page the sending has to know. */
interface Sending {
  uploads: Uploads
  show: (order: Order) => void
  room: number
}

/** Of each order: it goes on while the page is open, whatever of the shop is shown. */
const sendings = new Map<string, Sending>()

function newSending(link: string, bounds: Bounds): Sending {
  const uploads = new Uploads(
    sender(link),
    bounds,
    (order) => sending.show(order),
    () => sending.room,
  )
  const sending: Sending = { uploads, show: () => {}, room: 0 }
  const warn = (event: BeforeUnloadEvent) => event.preventDefault()
  uploads.watch(() => {
    if (uploads.busy) window.addEventListener('beforeunload', warn)
    else window.removeEventListener('beforeunload', warn)
  })
  window.addEventListener('online', uploads.wake)
  sendings.set(link, sending)
  return sending
}

/** The photos on their way to the order. Whoever leaves the page while there are some is warned. */
export function useUploads(link: string, bounds: Bounds, room: number): [Upload[], Uploads] {
  const show = useShowOrder(link)
  const [sending] = useState(() => sendings.get(link) ?? newSending(link, bounds))
  Object.assign(sending, { show, room })
  return [useSyncExternalStore(sending.uploads.watch, sending.uploads.shown), sending.uploads]
}
