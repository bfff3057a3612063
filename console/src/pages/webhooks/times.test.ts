import { expect, it } from 'vitest'
import { momentOf } from '~/words/formats'
import { localOf } from './times'

it('a moment comes back from the field that showed it', () => {
  const at = new Date(2026, 2, 5, 7, 9)
  expect(localOf(at)).toBe('2026-03-05T07:09')
  expect(momentOf(localOf(at))).toBe(at.toISOString())
})
