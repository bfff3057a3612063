import { expect, it } from 'vitest'
import { inside } from './next'

it('goes on to a page of the console, with its filters', () => {
  expect(inside('/jobs?state=failed')).toBe('/jobs?state=failed')
})

it.each([
  null,
  '',
  'jobs',
  '//evil.example',
  '/\\evil.example',
  'https://evil.example',
  'javascript:alert(1)',
  '/sign-in?next=/',
])('goes nowhere else: %s', (next) => {
  expect(inside(next)).toBe('/')
})
