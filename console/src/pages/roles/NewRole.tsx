import { Button, Group, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { useKeys } from '~/api/repeated'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { tell } from '~/look/tell'
import { PermissionPicker } from './PermissionPicker'

const FIELDS = ['name', 'description', 'permissions']

export function NewRole({ done }: { done: () => void }) {
  const { t } = useTranslation(['roles', 'common'])
  const stored = useQueryClient()
  const keys = useKeys()
  const form = useForm({ initialValues: { name: '', description: '', permissions: [] as string[] } })
  const make = useMutation({
    mutationFn: (body: typeof form.values) =>
      answer(api.POST('/api/v2/roles', { params: { header: { 'Idempotency-Key': keys.of(body) } }, body })),
    onSuccess: ({ data }) => {
      void stored.invalidateQueries({ queryKey: ['roles'] })
      tell(t('made', { name: data.name }))
      done()
    },
    onError: (error) => toFields(form, FIELDS, error),
    onSettled: (_, error) => keys.ended(error),
  })
  return (
    <form onSubmit={form.onSubmit((values) => make.mutate(values))} noValidate>
      <Stack>
        {beyondFields(FIELDS, make.error) && <Failure error={make.error} />}
        <TextInput
          label={t('name')}
          description={t('name_hint')}
          autoComplete="off"
          required
          {...form.getInputProps('name')}
        />
        <TextInput label={t('description')} autoComplete="off" {...form.getInputProps('description')} />
        <PermissionPicker {...form.getInputProps('permissions')} />
        <Group justify="flex-end">
          <Button type="submit" loading={make.isPending}>
            {t('make')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
