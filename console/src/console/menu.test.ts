import { describe, expect, it } from 'vitest'
import { entriesOf } from './menu'
import { PAGES } from './pages'

const names = (group: Parameters<typeof entriesOf>[1], permissions: Parameters<typeof entriesOf>[2]) =>
  entriesOf(PAGES, group, permissions).map(({ menu }) => menu?.name)

describe('the menu', () => {
  it('has what everybody may do, and what is held', () => {
    expect(names('outside', [])).toEqual(['realtime'])
    expect(names('outside', [{ name: 'webhooks:read', held: false }])).toEqual(['realtime'])
    expect(names('outside', [{ name: 'webhooks:read', held: true }])).toContain('endpoints')
  })

  it('has a product where it runs, whoever may change it', () => {
    expect(names('products', [{ name: 'petstory:orders', held: true }])).toEqual([])
    expect(names('products', [{ name: 'pets:write', held: false }])).toEqual(['pets'])
  })
})
