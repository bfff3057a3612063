import { Alert, Anchor, Button, Stack, Title, VisuallyHidden } from '@mantine/core'
import { RotateCcw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { answer, api } from '~/api/client'
import { Problem } from '~/api/problem'
import { Exact, indented } from '~/look/Exact'
import { Members } from '~/look/Members'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Permitted } from '~/look/Permitted'
import { Empty, Shown } from '~/look/Shown'
import { useMay } from '~/session/use'
import { Attempts } from './Attempts'
import { type DeliveryDetail, useDelivery, useDoing, useEndpoint } from './queries'
import { DeliverySign } from './Signs'
import { WORDS } from './words'

export default function Delivery() {
  const { t } = useTranslation(WORDS)
  const { id = '' } = useParams()
  return (
    <Page title={t('delivery')}>
      <Anchor component={Link} to="/deliveries" size="sm">
        {t('to_deliveries')}
      </Anchor>
      <Permitted permission="webhooks:read">
        <One id={id} />
      </Permitted>
    </Page>
  )
}

function One({ id }: { id: string }) {
  const { t } = useTranslation(WORDS)
  const delivery = useDelivery(id)
  if (delivery.error instanceof Problem && delivery.error.status === 404) return <Empty>{t('delivery_gone')}</Empty>
  return <Shown of={delivery}>{(found) => <Whole delivery={found} />}</Shown>
}

function Whole({ delivery }: { delivery: DeliveryDetail }) {
  const { t } = useTranslation(WORDS)
  return (
    <Stack gap="lg">
      <VisuallyHidden role="status">{t(`state_${delivery.state}`)}</VisuallyHidden>
      {delivery.state === 'pending' && delivery.next_at && (
        <Alert color={delivery.attempts > 0 ? 'yellow' : 'gray'} title={t('pending_title')} data-testid="next">
          {t('next_attempt')} <Moment at={delivery.next_at} /> (<Moment at={delivery.next_at} exact />)
        </Alert>
      )}
      <Members
        of={[
          [t('event'), delivery.event],
          [t('state'), <DeliverySign key="state" delivery={delivery} />],
          [t('receiver'), <Receiver key="receiver" delivery={delivery} />],
          [t('attempts'), delivery.attempts],
          [t('written'), <Moment key="written" at={delivery.created_at} exact />],
          [t('ended'), <Moment key="ended" at={delivery.finished_at} exact />],
          [t('subject'), delivery.subject],
          ['webhook-id', delivery.message_id],
        ]}
      />
      <Again delivery={delivery} />
      <section aria-labelledby="attempts">
        <Title order={2} size="h4" id="attempts" mb="sm">
          {t('attempts')}
        </Title>
        <Attempts log={delivery.log} />
      </section>
      <section aria-labelledby="body">
        <Title order={2} size="h4" id="body" mb="sm">
          {t('body')}
        </Title>
        <Exact label={t('body')} text={indented(delivery.body)} />
      </section>
    </Stack>
  )
}

function Receiver({ delivery: { endpoint_id, url } }: { delivery: DeliveryDetail }) {
  return endpoint_id ? <OfEndpoint id={endpoint_id} /> : (url ?? '–')
}

function OfEndpoint({ id }: { id: string }) {
  const { t } = useTranslation(WORDS)
  const { data, error } = useEndpoint(id)
  if (error) return <>{t('endpoint_deleted')}</>
  return (
    <Anchor component={Link} to={`/endpoints/${id}`} size="sm">
      {data?.url ?? id}
    </Anchor>
  )
}

function Again({ delivery: { id, state } }: { delivery: DeliveryDetail }) {
  const { t } = useTranslation(WORDS)
  const may = useMay()('webhooks:write')
  const replaying = useDoing(
    (delivery_id: string, header) => {
      const params = { path: { delivery_id }, header }
      return answer(api.POST('/api/v2/webhooks/deliveries/{delivery_id}/replay', { params }))
    },
    { said: t('replayed') },
  )
  if (!may) return null
  return (
    <div>
      <Button
        leftSection={<RotateCcw size={16} aria-hidden />}
        onClick={() => replaying.mutate(id)}
        loading={replaying.isPending}
        disabled={state === 'pending'}
      >
        {t('replay')}
      </Button>
    </div>
  )
}
