const KEPT = 'petstory-order'

/** An order that was begun on this device: its secret link, and whose book it is. */
export interface KeptOrder {
  link: string
  name: string
}

export function keptOrder(): KeptOrder | null {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT) ?? 'null')
    return typeof found?.link === 'string' && typeof found?.name === 'string' ? found : null
  } catch {
    return null
  }
}

export function keepOrder(order: KeptOrder): void {
  localStorage.setItem(KEPT, JSON.stringify(order))
}

/** Of an order's story, what was typed in this tab and not sent yet. */
const TYPED = 'petstory-typed'

export function typedFor(link: string): object {
  try {
    const found = JSON.parse(sessionStorage.getItem(TYPED) ?? 'null')
    return found?.link === link && typeof found.typed === 'object' ? found.typed : {}
  } catch {
    return {}
  }
}

export function keepTyped(link: string, typed: object): void {
  sessionStorage.setItem(TYPED, JSON.stringify({ link, typed }))
}

export function forgetTyped(): void {
  sessionStorage.removeItem(TYPED)
}

export function forgetOrder(link?: string): void {
  if (link === undefined || keptOrder()?.link === link) localStorage.removeItem(KEPT)
}
