import { Button, NativeSelect, SegmentedControl, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { answer, api } from '~/api/client'
import { useKeys } from '~/api/repeated'
import type { components } from '~/api/schema'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { exportOf, FORMATS, NOTHING, SPECIES, STATUSES } from './ordering'
import { WORDS } from './words'

type Order = components['schemas']['PetsExport']
const FIELDS = Object.keys(NOTHING)

/** Which pets, and as what; leads to where the file is being made. */
export function ExportForm() {
  const { t } = useTranslation(WORDS)
  const go = useNavigate()
  const keys = useKeys()
  const form = useForm({ initialValues: NOTHING })
  const ordering = useMutation({
    mutationFn: async (body: Order) => {
      const params = { header: { 'Idempotency-Key': keys.of(body) } }
      return (await answer(api.POST('/api/v2/pets/export', { body, params }))).data
    },
    onSuccess: ({ id }) => go(`/jobs/${id}`),
    onError: (error) => toFields(form, FIELDS, error),
    onSettled: (_, error) => keys.ended(error),
  })
  const choices = (names: readonly string[], group: string) => [
    { value: '', label: t('all', { ns: 'common' }) },
    ...names.map((value) => ({ value, label: t(`${group}_${value}`) })),
  ]
  return (
    <form onSubmit={form.onSubmit((values) => ordering.mutate(exportOf(values)))} noValidate>
      <Stack>
        <Text size="sm">{t('export_text')}</Text>
        {beyondFields(FIELDS, ordering.error) && <Failure error={ordering.error} />}
        <div>
          <Text size="sm" fw={500} id="export-format">
            {t('format')}
          </Text>
          <SegmentedControl
            fullWidth
            name="format"
            role="radiogroup"
            aria-labelledby="export-format"
            data={FORMATS.map((value) => ({ value, label: t(`format_${value.replace('.', '_')}`) }))}
            {...form.getInputProps('format')}
          />
        </div>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <NativeSelect label={t('species')} data={choices(SPECIES, 'species')} {...form.getInputProps('species')} />
          <NativeSelect label={t('status')} data={choices(STATUSES, 'status')} {...form.getInputProps('status')} />
          <TextInput label={t('born_after')} type="date" {...form.getInputProps('born_after')} />
          <TextInput label={t('born_before')} type="date" {...form.getInputProps('born_before')} />
        </SimpleGrid>
        <TextInput label={t('name_contains')} maxLength={100} {...form.getInputProps('name')} />
        <TextInput label={t('updated_since')} type="datetime-local" {...form.getInputProps('updated_since')} />
        <Button type="submit" loading={ordering.isPending}>
          {t('export_act')}
        </Button>
      </Stack>
    </form>
  )
}
