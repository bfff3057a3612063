import type { Group, PageEntry } from './pages'

interface Permission {
  name: string
  held: boolean
}

/**
 * The entries of a group for who holds these permissions. A product of which the deployment declares no permission does
 * not run there.
 */
export function entriesOf(pages: PageEntry[], group: Group, permissions: Permission[]): PageEntry[] {
  return pages.filter(({ menu }) => {
    if (menu?.group !== group) return false
    if (menu.product && !permissions.some(({ name }) => name.startsWith(`${menu.product}:`))) return false
    return !menu.permission || permissions.some(({ name, held }) => held && name === menu.permission)
  })
}
