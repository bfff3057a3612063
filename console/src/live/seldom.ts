/** Calls at once, and then at most once in so many milliseconds; what came meanwhile is one call at their end. */
export function seldom(work: () => void, milliseconds: number): () => void {
  let waiting: ReturnType<typeof setTimeout> | null = null
  let again = false
  const rest = () => {
    waiting = null
    if (again) call()
  }
  const call = () => {
    again = waiting !== null
    if (again) return
    work()
    waiting = setTimeout(rest, milliseconds)
  }
  return call
}
