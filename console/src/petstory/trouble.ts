import { useTranslation } from 'react-i18next'
import { Problem } from '~/api/problem'
import { megabytes } from './speech'
import type { Bounds } from './uploads'

/** The words for what has gone wrong: ours by its code, in the customer's language; else those of the API. */
export function useTroubleWords(bounds?: Bounds): (error: unknown) => string {
  const { t, i18n } = useTranslation()
  return (error) => {
    const code = error instanceof Problem ? error.code : typeof error === 'string' ? error : 'FAILED'
    const values = { size: megabytes(bounds?.bytes ?? 0), side: bounds?.side, most: bounds?.most }
    if (i18n.exists(`trouble.${code}`)) return t(`trouble.${code}`, values)
    if (!(error instanceof Problem)) return t('trouble.FAILED')
    return error.status >= 500 ? t('trouble.UNAVAILABLE') : error.message || t('trouble.FAILED')
  }
}
