import { Button, Group, NumberInput, Stack, TextInput, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Utensils } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { useKeys } from '~/api/repeated'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { Moment } from '~/look/Moment'
import { Pager } from '~/look/Pager'
import { Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { tell } from '~/look/tell'
import { number } from '~/words/formats'
import type { Pet } from './following'
import { useFeedings } from './queries'

/** What the pet was given, the latest first, and one more. */
export function Feedings({ pet }: { pet: Pet }) {
  const { t } = useTranslation('pets')
  const [page, setPage] = useState(1)
  const feedings = useFeedings(pet.id, page)
  return (
    <Stack component="section" aria-labelledby="feedings">
      <Title order={2} size="h4" id="feedings">
        {t('feedings')}
      </Title>
      <Feed pet={pet} />
      <Shown of={feedings}>
        {({ data, meta }) => (
          <Stack gap="xs">
            <Rows
              caption={t('feedings')}
              rows={data}
              id={(one) => one.id}
              empty={t('not_fed')}
              columns={[
                { key: 'food', head: t('food'), cell: (one) => one.food },
                { key: 'grams', head: t('grams'), cell: (one) => number(one.grams), align: 'right' },
                { key: 'at', head: t('fed_at'), cell: (one) => <Moment at={one.fed_at} /> },
                { key: 'by', head: t('fed_by'), cell: (one) => one.by },
              ]}
            />
            <Pager pagination={meta.pagination} go={setPage} />
          </Stack>
        )}
      </Shown>
    </Stack>
  )
}

const FIELDS = ['food', 'grams']

function Feed({ pet }: { pet: Pet }) {
  const { t } = useTranslation('pets')
  const client = useQueryClient()
  const keys = useKeys()
  const form = useForm({ initialValues: { food: '', grams: 100 as number | string } })
  const feed = useMutation({
    mutationFn: ({ food, grams }: typeof form.values) => {
      const body = { food, grams: Number(grams) }
      const params = { path: { pet_id: pet.id }, header: { 'Idempotency-Key': keys.of([pet.id, body]) } }
      return api.POST('/api/v2/pets/{pet_id}/feedings', { params, body })
    },
    onSuccess: () => {
      form.reset()
      tell(t('fed', { name: pet.name }))
    },
    onError: (error) => toFields(form, FIELDS, error),
    onSettled: (_, error) => {
      keys.ended(error)
      return client.invalidateQueries({ queryKey: ['pets'] })
    },
  })
  return (
    <form onSubmit={form.onSubmit((values) => feed.mutate(values))} noValidate>
      <Stack gap="xs">
        {beyondFields(FIELDS, feed.error) && <Failure error={feed.error} />}
        <Group align="flex-end" gap="xs">
          <TextInput label={t('food')} required maxLength={100} {...form.getInputProps('food')} />
          <NumberInput label={t('grams')} required min={1} max={100_000} w={120} {...form.getInputProps('grams')} />
          <Button type="submit" leftSection={<Utensils size={16} aria-hidden />} loading={feed.isPending}>
            {t('feed')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
