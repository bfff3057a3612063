import { expect, it } from 'vitest'
import { filtered, isChannel, offered } from './filter'
import type { Entry } from './inspection'

const entry = (number: number, told: Entry['told']): Entry => ({ number, at: '', by: 'server', told })
const ALL = [entry(2, { type: 'event', channel: 'pets', data: { name: 'Rex' } }), entry(1, { type: 'pong' })]

it('entries are found by anything that stands in them', () => {
  expect(filtered(ALL, ' rex', false).map(({ number }) => number)).toEqual([2])
  expect(filtered(ALL, '', true).map(({ number }) => number)).toEqual([2])
  expect(filtered(ALL, '', false)).toHaveLength(2)
  expect(filtered(ALL, 'pong', true)).toEqual([])
})

it('channels are offered up to their subject', () => {
  expect(offered(['pets', 'pets.{id}'])).toEqual(['pets', 'pets.'])
  expect(['pets', 'pets.', 'tasks.0192-ab', 'a b'].map(isChannel)).toEqual([true, false, true, false])
})
