import { queries } from '~/api/queries'
import { askDoor, session } from '~/session/session'

interface Tokens {
  access_token: string
  expires_in: number
}

/** Act in another organisation from now on, in all tabs of this browser. What was read in the former is forgotten. */
export async function switchTo(organization: string): Promise<void> {
  const body = { organization, session: 'cookie' }
  const { data } = await askDoor<{ data: Tokens }>('/api/v2/auth/switch', body, await session.token())
  await session.enter('cookie', data)
  await queries.resetQueries()
}
