import { Button, Group, Stack, Switch, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { useKeys } from '~/api/repeated'
import type { components } from '~/api/schema'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { NO_RIGHTS, RIGHTS, RightsFields } from './fields'
import { fromField } from './state'

export type Made = components['schemas']['NewKeyView']

const FIELDS = [...RIGHTS, 'test', 'expires_at']

export function NewKey({ done }: { done: (made: Made) => void }) {
  const { t } = useTranslation('keys')
  const stored = useQueryClient()
  const keys = useKeys()
  const form = useForm({ initialValues: { ...NO_RIGHTS, test: false, expires_at: '' } })
  const make = useMutation({
    mutationFn: async ({ plan, expires_at, ...values }: typeof form.values) => {
      const body = { ...values, plan: plan || null, expires_at: fromField(expires_at) }
      const header = { 'Idempotency-Key': keys.of(body) }
      return (await answer(api.POST('/api/v2/keys', { params: { header }, body }))).data
    },
    onSuccess: (made) => {
      void stored.invalidateQueries({ queryKey: ['keys'] })
      done(made)
    },
    onError: (error) => toFields(form, FIELDS, error),
    onSettled: (_, error) => keys.ended(error),
  })
  return (
    <form onSubmit={form.onSubmit((values) => make.mutate(values))} noValidate>
      <Stack>
        {beyondFields(FIELDS, make.error) && <Failure error={make.error} />}
        <RightsFields form={form} />
        <TextInput
          type="datetime-local"
          label={t('expires_at')}
          description={t('expires_hint')}
          {...form.getInputProps('expires_at')}
        />
        <Switch label={t('test')} description={t('test_hint')} {...form.getInputProps('test', { type: 'checkbox' })} />
        <Group justify="flex-end">
          <Button type="submit" loading={make.isPending}>
            {t('make')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
