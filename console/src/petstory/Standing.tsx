import { Button, Group, Loader, Stack, Text, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Offer, Order } from './api'
import { Book } from './Book'
import { Footer } from './Footer'
import { Made } from './Made'
import { Paying } from './Paying'
import { PhotoPicking } from './PhotoPicking'
import { Pictures } from './Pictures'
import { goTo, shopPath } from './place'
import { dayOf } from './speech'
import { ENDED, MOVING, UNPAID, wantsPhotos } from './states'
import { Titled } from './Titled'
import type { Upload, Uploads } from './uploads'

interface Props {
  link: string
  order: Order
  offer: Offer
  uploads: Upload[]
  sending: Uploads
}

const FAILED = ['production_failed', 'email_failed']

/** An order that is being paid, made, or is done: how it stands, what the customer can do, and what comes by itself. */
export function Standing({ link, order, offer, uploads, sending }: Props) {
  const { t } = useTranslation()
  const unpaid = UNPAID.includes(order.state)
  const moving = MOVING.includes(order.state)
  return (
    <Titled title={t('order.title', { name: order.pet_name })} step={unpaid ? 'pay' : undefined}>
      <div role="status" data-testid="state" data-state={order.state}>
        <Group gap="sm" wrap="nowrap">
          {moving && <Loader size="sm" aria-hidden />}
          <Text fw={600} fz="lg">
            {t(`state.${order.state}.what`)}
          </Text>
        </Group>
        <Text>{t(`state.${order.state}.next`)}</Text>
        {order.paid_at && (
          <Text size="sm" c="dimmed">
            {t('pay.paid', { day: dayOf(order.paid_at) })}
          </Text>
        )}
        {order.reason && FAILED.includes(order.state) && (
          <Text size="sm" c="dimmed">
            {t('order.reason', { reason: order.reason })}
          </Text>
        )}
      </div>
      <Made progress={order.progress} />
      {wantsPhotos(order) && (
        <Stack gap="sm">
          {order.wanted > 0 && <Text fw={600}>{t('photos.wanted', { count: order.wanted })}</Text>}
          <PhotoPicking link={link} order={order} offer={offer} uploads={uploads} sending={sending} />
        </Stack>
      )}
      {unpaid && <Paying link={link} order={order} offer={offer} />}
      <Book link={link} order={order} />
      {ENDED.includes(order.state) && <Button onClick={() => goTo(shopPath)}>{t('order.another')}</Button>}
      <Drawn order={order} />
      <Footer link={link} order={order} />
    </Titled>
  )
}

function Drawn({ order }: { order: Order }) {
  const { t } = useTranslation()
  if (!order.arts.some((art) => art.picture || art.preview)) return null
  return (
    <section aria-labelledby="pictures">
      <Title order={2} size="h4" id="pictures" mb="xs">
        {t('order.pictures')}
      </Title>
      <Pictures order={order} />
    </section>
  )
}
