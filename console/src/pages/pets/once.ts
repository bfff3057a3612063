import { useRef } from 'react'
import { newIdempotencyKey } from '~/api/client'
import { Problem } from '~/api/problem'

/**
 * Sends what creates something under a key that stays the same while nobody knows whether it was done: pressing again
 * after the network or the server was gone does it once. Whatever was answered ends the key.
 */
export function useOnce(): <T>(send: (header: { 'Idempotency-Key': string }) => Promise<T>) => Promise<T> {
  const key = useRef<string | null>(null)
  return async (send) => {
    key.current ??= newIdempotencyKey()
    try {
      const answered = await send({ 'Idempotency-Key': key.current })
      key.current = null
      return answered
    } catch (error) {
      if (!isOpen(error)) key.current = null
      throw error
    }
  }
}

/** Whether it may have been done all the same. */
export function isOpen(error: unknown): boolean {
  return error instanceof Problem && (error.status === 0 || error.status >= 500)
}
