/** Whether a product runs in this deployment, of which these are all permissions: each declares some of its own. */
export function runs(product: string, permissions: readonly { name: string }[]): boolean {
  return permissions.some(({ name }) => name.startsWith(`${product}:`))
}
