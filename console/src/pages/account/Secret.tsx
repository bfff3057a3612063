import { PasswordInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { WORDS } from './words'

interface Props {
  name: string
  label: string
  /** What the form gives the field. */
  field: object
  /** Whether it is chosen here, not proved. */
  chosen?: boolean
}

/** Where somebody writes a password. */
export function Secret({ name, label, field, chosen = false }: Props) {
  const { t } = useTranslation(WORDS)
  return (
    <PasswordInput
      name={name}
      label={label}
      description={chosen && t('password_about')}
      autoComplete={chosen ? 'new-password' : 'current-password'}
      visibilityToggleButtonProps={{ 'aria-label': t('show_password'), tabIndex: 0 }}
      required
      {...field}
    />
  )
}
