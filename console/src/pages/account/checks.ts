import { useTranslation } from 'react-i18next'
import { WORDS } from './words'

type Check = (value: string) => string | null

/** What can be said of a field before the API is asked. */
export function useChecks(): Record<'needed' | 'email' | 'password' | 'slug', Check> {
  const { t } = useTranslation(WORDS)
  return {
    needed: (value) => (value.trim() ? null : t('needed')),
    email: (value) => (/^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$/.test(value) ? null : t('bad_email')),
    // As the API counts: characters, of which some take two places.
    password: (value) => ([...value].length >= 10 && [...value].length <= 128 ? null : t('bad_password')),
    slug: (value) => (!value || /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/.test(value) ? null : t('bad_slug')),
  }
}
