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

export function forgetOrder(link?: string): void {
  if (link === undefined || keptOrder()?.link === link) localStorage.removeItem(KEPT)
}
