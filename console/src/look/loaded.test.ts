import { beforeEach, expect, it, vi } from 'vitest'
import { loaded, Unanswered } from './loaded'

const gone = () => Promise.reject(new TypeError('Failed to fetch dynamically imported module'))
const around = (answers: boolean, now = 1_000_000) => ({
  answers: async () => answers,
  reload: vi.fn(),
  now: () => now,
})

beforeEach(() => sessionStorage.clear())

it('gives what was loaded', async () => {
  expect(await loaded(async () => 'part')).toBe('part')
})

it('loads the page anew where another release answers, and not again within a minute', async () => {
  const first = around(true)
  void loaded(gone, first)
  await vi.waitFor(() => expect(first.reload).toHaveBeenCalledTimes(1))
  const second = around(true, 1_030_000)
  await expect(loaded(gone, second)).rejects.toThrow()
  expect(second.reload).not.toHaveBeenCalled()
})

it('says so where nobody answers', async () => {
  const away = around(false)
  await expect(loaded(gone, away)).rejects.toThrow(Unanswered)
  expect(away.reload).not.toHaveBeenCalled()
})
