import { describe, expect, it } from 'vitest'
import { shownOf, toggled } from './chosen'

describe('what is chosen', () => {
  it('changes with each press, and leaves what was before as it was', () => {
    const before = new Set(['a'])
    expect(toggled(before, 'b')).toEqual(new Set(['a', 'b']))
    expect(toggled(before, 'a')).toEqual(new Set())
    expect(before).toEqual(new Set(['a']))
  })

  it('is only what can be seen', () => {
    expect(shownOf(new Set(['a', 'gone']), [{ id: 'b' }, { id: 'a' }])).toEqual(['a'])
  })
})
