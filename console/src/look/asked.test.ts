import { describe, expect, it } from 'vitest'
import { changed, pageOf } from './asked'

describe('what the address asks for', () => {
  it('begins at the first page when a filter changes', () => {
    const before = new URLSearchParams('page=4&search=ana&cursor=x')
    expect(String(changed(before, { role: 'admin' }))).toBe('search=ana&role=admin')
  })

  it('keeps the filters when the page changes', () => {
    expect(String(changed(new URLSearchParams('search=ana'), { page: '2' }))).toBe('search=ana&page=2')
  })

  it('says nothing of what is empty', () => {
    expect(String(changed(new URLSearchParams('search=ana&role=admin'), { search: '', role: null }))).toBe('')
  })

  it('is the first page for what is no number of one', () => {
    expect(['3', '0', '-1', 'x', null, '1.5', '999999999'].map(pageOf)).toEqual([3, 1, 1, 1, 1, 1, 1])
  })
})
