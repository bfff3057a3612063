import { Button, Radio, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { momentOf } from '~/words/formats'
import { useDoing } from './queries'
import { localOf } from './times'
import { WORDS } from './words'

type Order = components['schemas']['ReplayAsked']
const FIELDS = ['since', 'until', 'which']
const DAY = 86_400_000

/** Deliveries of a span of time once more, as a job that can be watched. */
export function Replay({ id }: { id: string }) {
  const { t } = useTranslation(WORDS)
  const go = useNavigate()
  const form = useForm({
    initialValues: { since: localOf(new Date(Date.now() - DAY)), until: '', which: 'failed' as Order['which'] },
    validate: { since: (text) => (momentOf(text) ? null : t('since_missing')) },
  })
  const replaying = useDoing(
    async (body: Order, header) => {
      const params = { path: { endpoint_id: id }, header }
      return (await answer(api.POST('/api/v2/webhooks/endpoints/{endpoint_id}/replay', { params, body }))).data
    },
    { shown: true, done: (task) => void go(`/jobs/${task.id}`) },
  )
  function submit({ since, until, which }: { since: string; until: string; which: Order['which'] }): void {
    const body = { since: momentOf(since) ?? since, until: momentOf(until), which }
    replaying.mutate(body, { onError: (error) => toFields(form, FIELDS, error) })
  }
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack>
        <Text size="sm">{t('replay_text')}</Text>
        {beyondFields(FIELDS, replaying.error) && <Failure error={replaying.error} />}
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput label={t('since')} type="datetime-local" required {...form.getInputProps('since')} />
          <TextInput
            label={t('until')}
            description={t('until_text')}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            type="datetime-local"
            {...form.getInputProps('until')}
          />
        </SimpleGrid>
        <Radio.Group label={t('which')} {...form.getInputProps('which')}>
          <Stack gap={6} mt={4}>
            <Radio value="failed" label={t('which_failed')} />
            <Radio value="all" label={t('which_all')} />
          </Stack>
        </Radio.Group>
        <Button type="submit" loading={replaying.isPending}>
          {t('replay_act')}
        </Button>
      </Stack>
    </form>
  )
}
