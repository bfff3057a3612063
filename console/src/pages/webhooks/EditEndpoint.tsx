import { Button, Stack } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { answer, api, tagged } from '~/api/client'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { Tagged } from '~/look/Tagged'
import { FIELDS, Fields, useChecks, type Values } from './Fields'
import { type Endpoint, useDoing } from './queries'
import { WORDS } from './words'

const ADDRESS = '/api/v2/webhooks/endpoints/{endpoint_id}'

export function EditEndpoint({ id, done }: { id: string; done: () => void }) {
  const path = { endpoint_id: id }
  return (
    <Tagged<Endpoint> queryKey={['endpoint', id]} read={() => tagged(api.GET(ADDRESS, { params: { path } }))}>
      {({ data, etag, again }) => <Form endpoint={data} etag={etag} again={again} done={done} />}
    </Tagged>
  )
}

interface Props {
  endpoint: Endpoint
  etag: string
  again: () => void
  done: () => void
}

function Form({ endpoint: { id, url, events, description }, etag, again, done }: Props) {
  const { t } = useTranslation(WORDS)
  const form = useForm<Values>({ initialValues: { url, events, description }, validate: useChecks() })
  const saving = useDoing(
    (body: Values) => {
      const params = { path: { endpoint_id: id }, header: { 'If-Match': etag } }
      return answer(api.PATCH(ADDRESS, { params, body }))
    },
    { said: t('saved', { ns: 'common' }), done, shown: true },
  )
  return (
    <form
      onSubmit={form.onSubmit((values) => saving.mutate(values, { onError: (error) => toFields(form, FIELDS, error) }))}
      noValidate
    >
      <Stack>
        {beyondFields(FIELDS, saving.error) && <Failure error={saving.error} again={again} />}
        <Fields form={form} />
        <Button type="submit" loading={saving.isPending}>
          {t('save', { ns: 'common' })}
        </Button>
      </Stack>
    </form>
  )
}
