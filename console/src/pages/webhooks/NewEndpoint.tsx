import { Button, NativeSelect, Stack } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { FIELDS, Fields, useChecks, type Values } from './Fields'
import { useDoing } from './queries'
import { WORDS } from './words'

type Order = components['schemas']['NewEndpoint']
export type Made = components['schemas']['NewEndpointView']

/** Makes an endpoint; its secret is handed over to who is told of it. */
export function NewEndpoint({ done }: { done: (made: Made) => void }) {
  const { t } = useTranslation(WORDS)
  const form = useForm<Values & { signing: 'v1' | 'v1a' }>({
    initialValues: { url: '', events: ['*'], description: '', signing: 'v1' },
    validate: useChecks(),
  })
  const making = useDoing(
    async (body: Order, header) =>
      (await answer(api.POST('/api/v2/webhooks/endpoints', { body, params: { header } }))).data,
    { done, shown: true },
  )
  function submit(values: Values & { signing: 'v1' | 'v1a' }): void {
    const body = { ...values, url: values.url.trim(), enabled: true }
    making.mutate(body, { onError: (error) => toFields(form, FIELDS, error) })
  }
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack>
        {beyondFields(FIELDS, making.error) && <Failure error={making.error} />}
        <Fields form={form} />
        <NativeSelect
          label={t('signing')}
          data={[
            { value: 'v1', label: t('signing_v1') },
            { value: 'v1a', label: t('signing_v1a') },
          ]}
          {...form.getInputProps('signing')}
        />
        <Button type="submit" loading={making.isPending}>
          {t('make')}
        </Button>
      </Stack>
    </form>
  )
}
