import { TagsInput, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { useMay } from '~/session/use'
import { PermissionPicker } from '../roles/PermissionPicker'
import { PlanSelect } from '../tenants/plans'

interface Rights {
  name: string
  scopes: string[]
  plan: string
  allowed_networks: string[]
}

export const RIGHTS = ['name', 'scopes', 'plan', 'allowed_networks']

export const NO_RIGHTS: Rights = { name: '', scopes: [], plan: '', allowed_networks: [] }

// biome-ignore lint/suspicious/noExplicitAny: a form of rights and whatever else
type FormOfRights = UseFormReturnType<any, any>

/** What a key and a client have in common: a name, what it may do, from where, on which plan. */
export function RightsFields({ form, disabled = false }: { form: FormOfRights; disabled?: boolean }) {
  const { t } = useTranslation('keys')
  const may = useMay()
  return (
    <>
      <TextInput
        label={t('name')}
        description={t('name_hint')}
        autoComplete="off"
        required
        maxLength={200}
        disabled={disabled}
        {...form.getInputProps('name')}
      />
      <PermissionPicker disabled={disabled} {...form.getInputProps('scopes')} />
      <TagsInput
        label={t('networks')}
        description={t('networks_hint')}
        placeholder={form.values.allowed_networks.length ? undefined : '203.0.113.0/24'}
        splitChars={[',', ' ', ';']}
        acceptValueOnBlur
        maxTags={50}
        disabled={disabled}
        clearButtonProps={{ 'aria-label': t('networks_clear') }}
        {...form.getInputProps('allowed_networks')}
      />
      {(may('limits:read') || form.values.plan) && <PlanSelect disabled={disabled} {...form.getInputProps('plan')} />}
    </>
  )
}
