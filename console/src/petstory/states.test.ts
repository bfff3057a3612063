import { describe, expect, it } from 'vitest'
import type { Order, State } from './api'
import { linkIn } from './place'
import { oursToMend, refusedPhotos, roomIn, viewOf, wantsPhotos } from './states'

const order = (state: State, photos = 1, members: Partial<Order> = {}) =>
  ({
    state,
    photos: Array.from({ length: photos }, () => ({})),
    arts: [],
    wanted: 0,
    reason: null,
    ...members,
  }) as Order

describe('what is shown of an order', () => {
  it('is the step that is asked for, where the order allows it', () => {
    expect(viewOf(order('photos_uploaded'), 'story')).toBe('story')
    expect(viewOf(order('preview_ready'), 'photos')).toBe('photos')
    expect(viewOf(order('draft', 0), 'preview')).toBe('photos')
    expect(viewOf(order('photos_uploaded'), 'preview')).toBe('story')
    expect(viewOf(order('preview_queued'), 'photos')).toBe('preview')
    expect(viewOf(order('paid'), 'photos')).toBe('standing')
  })

  it('is where the order is, unless something is asked for', () => {
    expect(viewOf(order('draft', 0), null)).toBe('photos')
    expect(viewOf(order('photos_uploaded'), null)).toBe('photos')
    expect(viewOf(order('preview_ready'), null)).toBe('preview')
    expect(viewOf(order('preview_failed'), null)).toBe('preview')
    expect(viewOf(order('expired'), null)).toBe('standing')
  })
})

describe('photos', () => {
  it('have room while the order is open, and in the place of such as were taken out', () => {
    expect(roomIn(order('preview_ready', 3), 10)).toBe(7)
    expect(roomIn(order('preview_ready', 12), 10)).toBe(0)
    expect(roomIn(order('paid', 3), 10)).toBe(0)
    expect(roomIn(order('production_failed', 3, { wanted: 2 }), 10)).toBe(2)
  })

  it('are wanted where the book could not be made of them', () => {
    expect(wantsPhotos(order('production_failed', 2, { reason: 'PHOTO_REFUSED' }))).toBe(true)
    expect(wantsPhotos(order('production_failed', 1, { wanted: 1, reason: 'x' }))).toBe(true)
    expect(wantsPhotos(order('production_failed', 2, { reason: 'BUSY' }))).toBe(false)
    const arts = [
      { photo_id: 'a', state: 'refused' },
      { photo_id: 'b', state: 'drawn' },
    ] as Order['arts']
    expect([...refusedPhotos({ arts })]).toEqual(['a'])
  })

  it('are not blamed for what is not their fault', () => {
    expect(oursToMend(order('preview_failed', 1, { reason: 'JOB_LOST' }))).toBe(true)
    expect(oursToMend(order('preview_failed', 1, { reason: 'PHOTO_REFUSED' }))).toBe(false)
    expect(oursToMend(order('preview_ready'))).toBe(false)
  })
})

describe('the secret link', () => {
  it('is read from the address, below whatever path the house stands', () => {
    expect(linkIn('/petstory/orders/AQ-_z9', '')).toBe('AQ-_z9')
    expect(linkIn('/house/petstory/orders/AQ', '/house')).toBe('AQ')
    expect(linkIn('/petstory', '')).toBeNull()
    expect(linkIn('/petstory/orders/a/b', '')).toBeNull()
  })
})
