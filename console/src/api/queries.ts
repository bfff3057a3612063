import { QueryClient } from '@tanstack/react-query'
import { Problem } from './problem'

const MOST_TRIES = 3
const LONGEST_PAUSE = 15_000

/** Milliseconds before the next try: what the API asks for, else 1, 2, 4, … at most 15 s, each give or take a quarter. */
export function pause(failures: number, error: unknown): number {
  if (error instanceof Problem && error.retryAfter !== null) return error.retryAfter * 1000
  return Math.min(1000 * 2 ** failures, LONGEST_PAUSE) * (0.75 + Math.random() / 2)
}

/** What is asked again by itself: what the network or a moment's trouble has kept from being answered. */
export function again(failures: number, error: unknown): boolean {
  if (!(error instanceof Problem)) return false
  if (error.status === 0) return true
  return error.status >= 500 && failures < MOST_TRIES
}

/** What pages have read, and how they read again. Writes are never repeated by themselves. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: again, retryDelay: pause, staleTime: 5_000, refetchOnWindowFocus: true, networkMode: 'always' },
    mutations: { retry: false, networkMode: 'always' },
  },
})
