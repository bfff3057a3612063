import { runs } from '~/session/permissions'
import type { Group, PageEntry } from './pages'

interface Permission {
  name: string
  held: boolean
}

/** The entries of a group for who holds these permissions; those of a product where it runs. */
export function entriesOf(pages: PageEntry[], group: Group, permissions: Permission[]): PageEntry[] {
  return pages.filter(({ menu }) => {
    if (menu?.group !== group) return false
    if (menu.product && !runs(menu.product, permissions)) return false
    return !menu.permission || permissions.some(({ name, held }) => held && name === menu.permission)
  })
}
