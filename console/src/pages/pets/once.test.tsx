import { renderHook } from '@testing-library/react'
import { expect, it } from 'vitest'
import { Problem } from '~/api/problem'
import { useOnce } from './once'

it.each([
  ['stays while nobody knows whether it was done', [new Problem(0), new Problem(503), null], 1],
  ['ends with every refusal and with what was done', [new Problem(422), new Problem(409), null, null], 4],
])('a key %s', async (_, ends, kinds) => {
  const once = renderHook(() => useOnce()).result.current
  const keys: string[] = []
  for (const end of ends) {
    const sent = once(async (header) => {
      keys.push(header['Idempotency-Key'])
      if (end) throw end
    })
    await sent.catch((error) => expect(error).toBe(end))
  }
  expect(keys).toHaveLength(ends.length)
  expect(new Set(keys).size).toBe(kinds)
})
