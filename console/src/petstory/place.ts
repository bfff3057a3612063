import { useSyncExternalStore } from 'react'
import { prefix } from '~/place'

const ORDER = /^\/petstory\/orders\/([A-Za-z0-9_-]{1,200})\/?$/

/** The secret link of the order that the address names; nothing where an order begins. */
export function linkIn(path: string, below: string = prefix): string | null {
  const inside = path.startsWith(below) ? path.slice(below.length) : path
  return ORDER.exec(inside)?.[1] ?? null
}

export const orderPath = (link: string) => `${prefix}/petstory/orders/${link}`
export const shopPath = `${prefix}/petstory`

/** What can be gone back and forth between while an order is open. */
export const STEPS = ['photos', 'story', 'preview'] as const
export type Step = (typeof STEPS)[number]

export interface Place {
  link: string | null
  step: Step | null
}

function here(): string {
  return `${window.location.pathname}${window.location.hash}`
}

function heard(listener: () => void): () => void {
  window.addEventListener('popstate', listener)
  window.addEventListener('hashchange', listener)
  return () => {
    window.removeEventListener('popstate', listener)
    window.removeEventListener('hashchange', listener)
  }
}

/** Where the customer is: which order, and which step was asked for. The browser's own back button leads back. */
export function usePlace(): Place {
  const text = useSyncExternalStore(heard, here)
  const [path = '', hash = ''] = text.split('#')
  return { link: linkIn(path), step: (STEPS as readonly string[]).includes(hash) ? (hash as Step) : null }
}

function went(): void {
  window.dispatchEvent(new PopStateEvent('popstate'))
}

export function goTo(address: string): void {
  window.history.pushState(null, '', address)
  went()
  window.scrollTo(0, 0)
}

/** The step that is asked for is another now; going back leads past it. */
export function insteadStep(step: Step): void {
  window.history.replaceState(null, '', `${window.location.pathname}#${step}`)
  went()
}

export const goToStep = (step: Step) => goTo(`${window.location.pathname}#${step}`)

/** Mercado Pago adds to the address what it says of the payment. Nobody believes it, so it need not stay there. */
export function tidyAddress(): void {
  if (window.location.search) window.history.replaceState(null, '', here())
}
