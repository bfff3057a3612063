import { Button, Group, NativeSelect, Stack, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { answer, api, newIdempotencyKey } from '~/api/client'
import type { components } from '~/api/schema'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { Once } from '~/look/Once'
import { FIELDS, Fields, useChecks, type Values } from './Fields'
import { useDoing } from './queries'
import { WORDS } from './words'

type Order = components['schemas']['NewEndpoint']
type Made = components['schemas']['NewEndpointView']

/** Makes an endpoint, then shows its secret, this once. */
export function NewEndpoint({ done }: { done: () => void }) {
  const [made, setMade] = useState<Made | null>(null)
  return made ? <Secret made={made} done={done} /> : <Form made={setMade} />
}

function Form({ made }: { made: (endpoint: Made) => void }) {
  const { t } = useTranslation(WORDS)
  const form = useForm<Values & { signing: 'v1' | 'v1a' }>({
    initialValues: { url: '', events: ['*'], description: '', signing: 'v1' },
    validate: useChecks(),
  })
  const making = useDoing(
    async (body: Order) => {
      const params = { header: { 'Idempotency-Key': newIdempotencyKey() } }
      return (await answer(api.POST('/api/v2/webhooks/endpoints', { body, params }))).data
    },
    { done: made, shown: true },
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

function Secret({ made, done }: { made: Made; done: () => void }) {
  const { t } = useTranslation(WORDS)
  const go = useNavigate()
  return (
    <Stack>
      <Text size="sm">{t('made_text', { url: made.url })}</Text>
      <Once secret={made.secret} label={t(made.signing === 'v1' ? 'secret' : 'public_key')} />
      <Group justify="flex-end">
        <Button variant="default" onClick={done}>
          {t('close', { ns: 'common' })}
        </Button>
        <Button onClick={() => void go(`/endpoints/${made.id}`)}>{t('to_endpoint')}</Button>
      </Group>
    </Stack>
  )
}
