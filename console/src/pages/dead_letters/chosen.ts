/** The ids that are chosen after one of them was pressed. */
export function toggled(chosen: ReadonlySet<string>, id: string): Set<string> {
  const after = new Set(chosen)
  if (!after.delete(id)) after.add(id)
  return after
}

/** What of the chosen is still shown: nobody retries what they do not see. */
export function shownOf(chosen: ReadonlySet<string>, shown: readonly { id: string }[]): string[] {
  return shown.filter(({ id }) => chosen.has(id)).map(({ id }) => id)
}
