import { NativeSelect } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useKindName } from './kinds'
import { useTypes } from './queries'
import { WORDS } from './words'

/** One kind of task, or all. */
export function KindSelect({ value, put }: { value: string; put: (type: string) => void }) {
  const { t } = useTranslation(WORDS)
  const types = useTypes()
  const name = useKindName()
  const known = new Set([...(types.data ?? []).map((type) => type.name), ...(value ? [value] : [])])
  return (
    <NativeSelect
      label={t('kind')}
      value={value}
      onChange={(event) => put(event.currentTarget.value)}
      data={[
        { value: '', label: t('all', { ns: 'common' }) },
        ...[...known].map((type) => ({ value: type, label: name(type) })),
      ]}
    />
  )
}
