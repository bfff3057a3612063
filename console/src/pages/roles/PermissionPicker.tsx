import { Checkbox, Fieldset, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Outline } from '~/look/Shown'
import { usePermissions } from '~/session/use'
import { grouped, type Offered, offered } from './permissions'

interface Props {
  value?: string[]
  onChange?: (value: string[]) => void
  error?: React.ReactNode
  disabled?: boolean
}

/** What a role allows, chosen from all that there is; nobody gives what they do not hold. */
export function PermissionPicker({ value = [], onChange, error, disabled = false }: Props) {
  const { t } = useTranslation(['roles', 'common'])
  const { data } = usePermissions()
  const [text, setText] = useState('')
  if (!data) return <Outline />
  const groups = grouped(offered(data, value, text))
  return (
    <Checkbox.Group
      label={t('permissions')}
      description={t('chosen', { count: value.length })}
      value={value}
      onChange={onChange}
      error={error}
    >
      <Stack gap="sm" mt="sm">
        <TextInput
          type="search"
          label={t('find_permission')}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {groups.length === 0 && <Text c="dimmed">{t('nothing_found', { ns: 'common' })}</Text>}
        {groups.map(([area, some]) => (
          <Fieldset key={area} legend={area}>
            <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs">
              {some.map((one) => (
                <Permission key={one.name} one={one} disabled={disabled || (!one.held && !value.includes(one.name))} />
              ))}
            </SimpleGrid>
          </Fieldset>
        ))}
      </Stack>
    </Checkbox.Group>
  )
}

function Permission({ one, disabled }: { one: Offered; disabled: boolean }) {
  const { t } = useTranslation('roles')
  const words = one.held ? one.description : `${one.description} ${t('not_held')}`.trim()
  return <Checkbox value={one.name} label={one.name} description={words || undefined} disabled={disabled} />
}
