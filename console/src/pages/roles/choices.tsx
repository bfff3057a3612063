import { Checkbox, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { useMay } from '~/session/use'
import { addWords } from '~/words/words'
import en from './en.json'
import ptBR from './pt-BR.json'

addWords('roles', en, ptBR)

const BUILT_IN = ['admin', 'user', 'viewer']

export interface Choice {
  name: string
  description: string
}

/** The roles that members can have: the built-in ones, then the first hundred of the organisation's own. */
export function useRoleChoices(): Choice[] {
  const { t } = useTranslation('roles')
  const may = useMay()
  const own = useQuery({
    queryKey: ['roles', 'choices'],
    queryFn: async () => (await answer(api.GET('/api/v2/roles', { params: { query: { per_page: 100 } } }))).data,
    enabled: may('roles:read'),
    staleTime: 60_000,
  })
  const builtIn = BUILT_IN.map((name) => ({ name, description: t(`built_in.${name}`) }))
  return [...builtIn, ...(own.data ?? []).map(({ name, description }) => ({ name, description }))]
}

interface Props {
  label: string
  value?: string[]
  onChange?: (value: string[]) => void
  error?: React.ReactNode
}

/** Which roles somebody has; those that are gone but still held can be taken away. */
export function RolePicker({ label, value = [], onChange, error }: Props) {
  const choices = useRoleChoices()
  const gone = value.filter((name) => choices.every((choice) => choice.name !== name))
  return (
    <Checkbox.Group label={label} value={value} onChange={onChange} error={error} withAsterisk>
      <Stack gap="xs" mt="xs">
        {[...choices, ...gone.map((name) => ({ name, description: '' }))].map(({ name, description }) => (
          <Checkbox key={name} value={name} label={name} description={description || undefined} />
        ))}
      </Stack>
    </Checkbox.Group>
  )
}
