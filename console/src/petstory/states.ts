import type { Order, State } from './api'
import type { Step } from './place'

export const OPEN: readonly State[] = ['draft', 'photos_uploaded', 'preview_failed', 'preview_ready']
export const UNPAID: readonly State[] = [
  ...OPEN,
  'preview_queued',
  'checkout_created',
  'payment_pending',
  'payment_rejected',
]
/** Something is being done, and the page is worth looking at. */
export const MOVING: readonly State[] = [
  'preview_queued',
  'checkout_created',
  'payment_pending',
  'paid',
  'producing',
  'produced',
]
export const ENDED: readonly State[] = ['refunded', 'charged_back', 'expired']
const REFUSED = 'PHOTO_REFUSED'

/** What is shown of an order: a step of putting it together, or how it stands. */
export type View = Step | 'standing'

/** The step that is shown: what was asked for where the order allows it, else where the order is. */
export function viewOf(order: Pick<Order, 'state' | 'photos'>, asked: Step | null): View {
  if (order.state === 'preview_queued') return 'preview'
  if (!OPEN.includes(order.state)) return 'standing'
  if (order.state === 'draft' || order.photos.length === 0) return 'photos'
  if (asked === 'preview' && order.state === 'photos_uploaded') return 'story'
  return asked ?? (order.state === 'photos_uploaded' ? 'photos' : 'preview')
}

/** The photos that cannot be drawn, by their ids. */
export function refusedPhotos(order: Pick<Order, 'arts'>): Set<string> {
  return new Set(order.arts.filter((art) => art.state === 'refused').map((art) => art.photo_id))
}

/** Whether photos are to be changed for the book of a paid order to be made. */
export function wantsPhotos(order: Order): boolean {
  return order.state === 'production_failed' && (order.wanted > 0 || order.reason === REFUSED)
}

/** Whether a preview failed through no fault of the photo. */
export function oursToMend(order: Pick<Order, 'state' | 'reason'>): boolean {
  return order.state === 'preview_failed' && order.reason !== null && order.reason !== REFUSED
}

/** How many more photos the order takes. */
export function roomIn(order: Pick<Order, 'state' | 'photos' | 'wanted'>, most: number): number {
  if (order.state === 'production_failed') return order.wanted
  return OPEN.includes(order.state) ? Math.max(0, most - order.photos.length) : 0
}

/** What people call the order: as its pages, mails and the book do. */
export const numberOf = (id: string) => id.slice(-8).toUpperCase()
