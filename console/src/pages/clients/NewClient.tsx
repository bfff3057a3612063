import { Button, Group, Stack } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { useKeys } from '~/api/repeated'
import type { components } from '~/api/schema'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { NO_RIGHTS, RIGHTS, RightsFields } from '../keys/fields'

export type Made = components['schemas']['NewClientView']

export function NewClient({ done }: { done: (made: Made) => void }) {
  const { t } = useTranslation('keys')
  const stored = useQueryClient()
  const keys = useKeys()
  const form = useForm({ initialValues: NO_RIGHTS })
  const make = useMutation({
    mutationFn: async ({ plan, ...values }: typeof form.values) => {
      const body = { ...values, plan: plan || null }
      const header = { 'Idempotency-Key': keys.of(body) }
      return (await answer(api.POST('/api/v2/oauth-clients', { params: { header }, body }))).data
    },
    onSuccess: (made) => {
      void stored.invalidateQueries({ queryKey: ['clients'] })
      done(made)
    },
    onError: (error) => toFields(form, RIGHTS, error),
    onSettled: (_, error) => keys.ended(error),
  })
  return (
    <form onSubmit={form.onSubmit((values) => make.mutate(values))} noValidate>
      <Stack>
        {beyondFields(RIGHTS, make.error) && <Failure error={make.error} />}
        <RightsFields form={form} />
        <Group justify="flex-end">
          <Button type="submit" loading={make.isPending}>
            {t('make')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
