/**
 * Calls `work` once for all that is told within a moment; at least `least` milliseconds after the first of it and at
 * most twice as long, so that the many who hear of a change do not all ask at once.
 */
export function gathered(work: () => void, least: number, random: () => number = Math.random): () => void {
  let waits = false
  return () => {
    if (waits) return
    waits = true
    setTimeout(
      () => {
        waits = false
        work()
      },
      least * (1 + random()),
    )
  }
}
