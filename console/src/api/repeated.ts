import { useRef } from 'react'
import { newIdempotencyKey } from './client'
import { Problem } from './problem'

/**
 * Keys for a form that makes something: the same body sent again, after no answer or a moment's trouble, has the same key
 * and so makes nothing twice. Another body, or one that was answered for good, has a new one.
 */
export class Keys {
  #body = ''
  #key = ''

  of(body: unknown): string {
    const text = JSON.stringify(body)
    if (!this.#key || text !== this.#body) {
      this.#body = text
      this.#key = newIdempotencyKey()
    }
    return this.#key
  }

  /** What became of it; nothing where it was done. While the first is still being worked off, nobody knows yet. */
  ended(error?: unknown): void {
    if (!(error instanceof Problem && (error.passing || error.code === 'IDEMPOTENCY_IN_PROGRESS'))) this.#key = ''
  }
}

export function useKeys(): Keys {
  return useRef(new Keys()).current
}
