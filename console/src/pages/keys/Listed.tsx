import { NativeSelect, Stack } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Asked } from '~/look/asked'

export const VALID = { valid: false, revoked: true, all: undefined } as const
export type Valid = keyof typeof VALID

export const validOf = (text: string): Valid => (text in VALID ? (text as Valid) : 'valid')

/** Which are listed: those that are not revoked, those that are, all. */
export function ValidSelect({ asked }: { asked: Asked }) {
  const { t } = useTranslation('keys')
  return (
    <Stack align="flex-start">
      <NativeSelect
        label={t('which')}
        value={validOf(asked.get('which'))}
        onChange={(event) => asked.put({ which: event.currentTarget.value })}
        data={Object.keys(VALID).map((value) => ({ value, label: t(`valid.${value}`) }))}
      />
    </Stack>
  )
}
