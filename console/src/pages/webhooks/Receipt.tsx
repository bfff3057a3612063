import { Anchor, Button, Stack, Text, Title } from '@mantine/core'
import { RotateCcw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { answer, api } from '~/api/client'
import { Problem } from '~/api/problem'
import { confirm } from '~/look/confirm'
import { Exact, indented } from '~/look/Exact'
import { Members } from '~/look/Members'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Permitted } from '~/look/Permitted'
import { Empty, Shown } from '~/look/Shown'
import { useMay } from '~/session/use'
import { useDoing, useReceipt } from './queries'
import { WORDS } from './words'

export default function Receipt() {
  const { t } = useTranslation(WORDS)
  const { id = '' } = useParams()
  return (
    <Page title={t('receipt')}>
      <Anchor component={Link} to="/receipts" size="sm">
        {t('to_receipts')}
      </Anchor>
      <Permitted permission="webhooks:read">
        <One id={id} />
      </Permitted>
    </Page>
  )
}

function One({ id }: { id: string }) {
  const { t } = useTranslation(WORDS)
  const receipt = useReceipt(id)
  if (receipt.error instanceof Problem && receipt.error.status === 404) return <Empty>{t('receipt_gone')}</Empty>
  return (
    <Shown of={receipt}>
      {({ source, sender_id, received_at, job_id, headers, body }) => (
        <Stack gap="lg">
          <Members
            of={[
              [t('source'), source],
              [t('sender_id'), sender_id],
              [t('received'), <Moment key="at" at={received_at} exact />],
              [t('job'), job_id],
            ]}
          />
          <Again id={id} />
          <section aria-labelledby="headers">
            <Title order={2} size="h4" id="headers" mb="sm">
              {t('headers')}
            </Title>
            <Exact
              label={t('headers')}
              text={Object.entries(headers)
                .map(([name, value]) => `${name}: ${value}`)
                .join('\n')}
            />
          </section>
          <section aria-labelledby="body">
            <Title order={2} size="h4" id="body" mb="sm">
              {t('body')}
            </Title>
            {body ? <Exact label={t('body')} text={indented(body)} /> : <Text c="dimmed">{t('answer_empty')}</Text>}
          </section>
        </Stack>
      )}
    </Shown>
  )
}

function Again({ id }: { id: string }) {
  const { t } = useTranslation(WORDS)
  const may = useMay()('webhooks:write')
  const working = useDoing(
    (receipt_id: string, header) => {
      const params = { path: { receipt_id }, header }
      return answer(api.POST('/api/v2/webhooks/receipts/{receipt_id}/replay', { params }))
    },
    { said: t('worked_again') },
  )
  const ask = () =>
    confirm(t, {
      title: t('work_again_title'),
      text: t('work_again_text'),
      act: t('work_again'),
      done: () => working.mutate(id),
    })
  if (!may) return null
  return (
    <div>
      <Button leftSection={<RotateCcw size={16} aria-hidden />} onClick={ask} loading={working.isPending}>
        {t('work_again')}
      </Button>
    </div>
  )
}
