/** A file that a result names (docs/exports.md); `url` is null once its time is over. */
export interface FileRef {
  file_id: string
  name: string
  bytes: number
  sha256: string
  expires_at: string
  url?: string | null
}

export interface RowProblem {
  row: number
  field: string | null
  message: string
}

export interface Parts {
  file: FileRef | null
  /** Rows that were not taken. */
  problems: RowProblem[]
  figures: [string, string | number | boolean][]
  /** What is neither; shown as it is. */
  rest: Record<string, unknown>
}

function isFile(value: unknown): value is FileRef {
  return typeof value === 'object' && value !== null && 'file_id' in value && 'expires_at' in value
}

function areProblems(value: unknown): value is RowProblem[] {
  return (
    Array.isArray(value) && value.every((one) => typeof one === 'object' && one && 'row' in one && 'message' in one)
  )
}

/** What of a task's result can be shown in which way. */
export function partsOf(result: Record<string, unknown>): Parts {
  const parts: Parts = { file: null, problems: [], figures: [], rest: {} }
  for (const [name, value] of Object.entries(result)) {
    if (value === null || value === undefined || name === 'url') continue
    if (isFile(value)) parts.file = value
    else if (areProblems(value)) parts.problems = value
    else if (['string', 'number', 'boolean'].includes(typeof value))
      parts.figures.push([name, value as string | number | boolean])
    else parts.rest[name] = value
  }
  return parts
}
