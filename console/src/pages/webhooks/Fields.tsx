import { MultiSelect, Stack, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { choicesOf } from './events'
import { useEvents } from './queries'
import { WORDS } from './words'

export interface Values {
  url: string
  events: string[]
  description: string
}

export const FIELDS = ['url', 'events', 'description']

export function useChecks(): { url: (url: string) => string | null; events: (events: string[]) => string | null } {
  const { t } = useTranslation(WORDS)
  return {
    url: (url) => (/^https?:\/\/\S+$/.test(url.trim()) ? null : t('url_wrong')),
    events: (events) => (events.length > 0 ? null : t('events_missing')),
  }
}

/** What a new endpoint is made with and what can be changed of it. */
export function Fields<V extends Values>({ form }: { form: UseFormReturnType<V> }) {
  const { t } = useTranslation(WORDS)
  const known = useEvents().data ?? []
  const names = known.map(({ name }) => name)
  const choices = choicesOf(names, t('everything'), (subject) => t('all_of', { subject }))
  const values = new Set(choices.map(({ value }) => value))
  const chosen = form.getValues().events.filter((event) => !values.has(event))
  return (
    <Stack>
      <TextInput
        label={t('url')}
        description={t('url_text')}
        placeholder="https://hooks.example.com/esteio"
        type="url"
        maxLength={2048}
        required
        {...form.getInputProps('url')}
      />
      <MultiSelect
        label={t('events')}
        description={t('events_text')}
        data={[...choices, ...chosen.map((value) => ({ value, label: value }))]}
        searchable
        hidePickedOptions
        required
        maxDropdownHeight={260}
        comboboxProps={{ withinPortal: true }}
        {...form.getInputProps('events')}
      />
      <TextInput label={t('description')} maxLength={500} {...form.getInputProps('description')} />
    </Stack>
  )
}
