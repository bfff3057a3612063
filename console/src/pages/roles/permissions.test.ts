import { expect, it } from 'vitest'
import { grouped, offered } from './permissions'

const known = [
  { name: 'users:read', description: 'See the users', held: true },
  { name: 'pets:write', description: 'Change pets', held: false },
  { name: 'pets:read', description: 'See pets', held: true },
]

it('offers what is known, and what a role has beyond it', () => {
  expect(offered(known, ['pets:*', 'pets:read'], '').map(({ name }) => name)).toEqual([
    'pets:*',
    'users:read',
    'pets:write',
    'pets:read',
  ])
})

it('finds by name and by words', () => {
  expect(offered(known, [], ' SEE ').map(({ name }) => name)).toEqual(['users:read', 'pets:read'])
  expect(offered(known, [], 'write').map(({ name }) => name)).toEqual(['pets:write'])
})

it('groups by area', () => {
  expect(grouped(known).map(([area, some]) => [area, some.length])).toEqual([
    ['pets', 2],
    ['users', 1],
  ])
})
