import createClient, { type Middleware } from 'openapi-fetch'
import { prefix } from '~/place'
import { session } from '~/session/session'
import { language } from '~/words/words'
import { offline, problemOf } from './problem'
import type { paths } from './schema'

/**
 * `fetch` as the caller who is signed in. A token that has run out is renewed once and the request sent again; without
 * a session, or where that does not help, the answer is what the API gave. Throws `Problem` with status 0 where the
 * network gave none.
 */
async function fetchAsCaller(request: Request): Promise<Response> {
  const again = request.clone()
  const answer = await sent(request, await session.token())
  if (answer.status !== 401 || !session.isIn) return answer
  const token = await session.renewed()
  return token ? sent(again, token) : answer
}

async function sent(request: Request, token: string | null): Promise<Response> {
  if (token) request.headers.set('Authorization', `Bearer ${token}`)
  // What the API has mailed is written in it.
  request.headers.set('Accept-Language', language())
  try {
    return await fetch(request)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw offline()
  }
}

const refusals: Middleware = {
  async onResponse({ response }) {
    if (!response.ok && response.status !== 304) throw await problemOf(response)
  },
}

/** The public API, typed by its OpenAPI document. Every refusal is thrown as a `Problem`. */
export const api = createClient<paths>({ baseUrl: prefix || window.location.origin, fetch: fetchAsCaller })
api.use(refusals)

/** What an operation answered, without the wrapping of the client: `await answer(api.GET(…))`. */
export async function answer<T>(asked: Promise<{ data?: T; response: Response }>): Promise<NonNullable<T>> {
  return (await asked).data as NonNullable<T>
}

/** The same with the entity tag that a later `If-Match` needs. */
export async function tagged<T>(
  asked: Promise<{ data?: T; response: Response }>,
): Promise<{ body: NonNullable<T>; etag: string }> {
  const { data, response } = await asked
  return { body: data as NonNullable<T>, etag: response.headers.get('ETag') ?? '' }
}

/** A key under which repeating a POST does nothing twice. */
export const newIdempotencyKey = () => crypto.randomUUID()
