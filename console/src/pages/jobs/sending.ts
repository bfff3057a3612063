import { offline, Problem } from '~/api/problem'
import { prefix } from '~/place'
import { session } from '~/session/session'
import { language } from '~/words/words'

interface Sending {
  file: Blob
  /** Called with the share that has left, from 0 to 1. */
  onShare: (share: number) => void
  signal: AbortSignal
}

/**
 * Send a file as the body of a POST, as the caller who is signed in, and say how far it is, which `fetch` cannot.
 * Answers the `data` of the answer; throws `Problem`, and `AbortError` where it was called off.
 */
export async function sendFile<T>(path: string, type: string, sending: Sending): Promise<T> {
  const first = await sent<T>(path, type, sending, await session.token())
  if (!(first instanceof Problem)) return first
  if (first.status !== 401 || !session.isIn) throw first
  const token = await session.renewed()
  const second = token ? await sent<T>(path, type, sending, token) : first
  if (second instanceof Problem) throw second
  return second
}

function sent<T>(path: string, type: string, sending: Sending, token: string | null): Promise<T | Problem> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest()
    const end = () => request.abort()
    request.open('POST', `${prefix}${path}`)
    request.setRequestHeader('Content-Type', type)
    request.setRequestHeader('Accept-Language', language())
    if (token) request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.upload.onprogress = ({ loaded, total }) => sending.onShare(total > 0 ? loaded / total : 0)
    request.onload = () => done(read<T>(request))
    request.onerror = () => failed(offline())
    request.onabort = () => failed(new DOMException('called off', 'AbortError'))
    request.onloadend = () => sending.signal.removeEventListener('abort', end)
    sending.signal.addEventListener('abort', end)
    request.send(sending.file)
  })
}

function read<T>(request: XMLHttpRequest): T | Problem {
  const body = parsed(request.responseText)
  if (request.status >= 200 && request.status < 300) return body.data as T
  const seconds = Number(request.getResponseHeader('Retry-After') ?? Number.NaN)
  return new Problem(request.status, body, Number.isFinite(seconds) ? seconds : null)
}

function parsed(text: string): { data?: unknown; detail?: string } {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
