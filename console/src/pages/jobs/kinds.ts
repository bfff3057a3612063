import { useTranslation } from 'react-i18next'
import { WORDS } from './words'

/** Says what a kind of task is called: in words for those of the house, by its own name for those of other services. */
export function useKindName(): (type: string) => string {
  const { t } = useTranslation(WORDS)
  return (type) => t(`kind_${type.replace('.', '_')}`, { defaultValue: type })
}
