export interface FieldError {
  code: string
  message: string
  field: string | null
  pointer: string | null
}

interface Body {
  status?: number
  title?: string
  detail?: string
  request_id?: string
  errors?: FieldError[]
}

/** A refusal of the API (RFC 9457), or what came instead of one. `status` 0: there was no answer at all. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly errors: FieldError[]
  readonly requestId: string
  /** Seconds that the API asks to wait, where it asks. */
  readonly retryAfter: number | null

  constructor(status: number, body: Body = {}, retryAfter: number | null = null) {
    super(body.detail ?? body.title ?? '')
    this.name = 'Problem'
    this.status = status
    this.errors = body.errors ?? []
    this.code = this.errors[0]?.code ?? (status === 0 ? 'OFFLINE' : '')
    this.requestId = body.request_id ?? ''
    this.retryAfter = retryAfter
  }

  /** What is wrong with each field, by its name in the body; for a form. */
  get fields(): Record<string, string> {
    return Object.fromEntries(this.errors.filter((one) => one.field).map((one) => [one.field, one.message]))
  }

  /** Whether asking again later may help. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export const offline = () => new Problem(0)

/** Reads the refusal out of an answer that is one. */
export async function problemOf(answer: Response): Promise<Problem> {
  const seconds = Number(answer.headers.get('Retry-After') ?? Number.NaN)
  const body = await answer.json().catch(() => ({}))
  return new Problem(answer.status, body, Number.isFinite(seconds) ? seconds : null)
}
