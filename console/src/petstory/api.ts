import createClient, { type Middleware } from 'openapi-fetch'
import { offline, problemOf } from '~/api/problem'
import type { components, paths } from '~/api/schema'
import { prefix } from '~/place'

export type Order = components['schemas']['OrderView']
export type NewOrder = components['schemas']['NewOrder']
export type OrderChange = components['schemas']['OrderChange']
export type Offer = components['schemas']['OfferView']
export type State = Order['state']
export type Style = Offer['styles'][number]

async function sent(request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw offline()
  }
}

const refusals: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response)
  },
}

// Customers have no account, so nothing but the order's link is shown to the API.
const api = createClient<paths>({ baseUrl: prefix || window.location.origin, fetch: sent, credentials: 'omit' })
api.use(refusals)

const at = (link: string) => ({ params: { path: { link } } })
async function data<T>(asked: Promise<{ data?: { data: T } }>): Promise<T> {
  return ((await asked).data as { data: T }).data
}

export const readOffer = () => data<Offer>(api.GET('/api/v2/petstory/offer'))
export const beginOrder = (body: NewOrder) => data(api.POST('/api/v2/petstory/orders', { body }))
export const readOrder = (link: string) => data<Order>(api.GET('/api/v2/petstory/orders/{link}', at(link)))
export const changeOrder = (link: string, body: OrderChange) =>
  data<Order>(api.PATCH('/api/v2/petstory/orders/{link}', { ...at(link), body }))
export const askForPreview = (link: string) => data<Order>(api.POST('/api/v2/petstory/orders/{link}/preview', at(link)))
export const cancelOrder = (link: string) => data<Order>(api.POST('/api/v2/petstory/orders/{link}/cancel', at(link)))
export const checkOut = (link: string) => data(api.POST('/api/v2/petstory/orders/{link}/checkout', at(link)))
export const askForMail = (link: string) => data<Order>(api.POST('/api/v2/petstory/orders/{link}/mail', at(link)))

export async function removePhoto(link: string, photo: string): Promise<void> {
  const path = { link, photo_id: photo }
  await api.DELETE('/api/v2/petstory/orders/{link}/photos/{photo_id}', { params: { path } })
}

const below = (link: string) => `${prefix}/api/v2/petstory/orders/${link}`
export const photosAddress = (link: string) => `${below(link)}/photos`
export const thumbnailAddress = (link: string, photo: string) => `${below(link)}/photos/${photo}/thumbnail`
export const bookAddress = (link: string) => `${below(link)}/book`
export const streamAddress = (link: string) => `${below(link)}/stream`
export const pictureAddress = (path: string) => `${prefix}${path}`
