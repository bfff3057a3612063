import { Alert, Button, Group, Loader, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { askForPreview, type Offer, type Order } from './api'
import { Footer } from './Footer'
import { Made } from './Made'
import { Paying } from './Paying'
import { Pictures } from './Pictures'
import { goToStep } from './place'
import { oursToMend } from './states'
import { Titled } from './Titled'
import { Trouble } from './Trouble'
import { useShowOrder } from './use'

interface Props {
  link: string
  order: Order
  offer: Offer
}

export function PreviewStep({ link, order, offer }: Props) {
  const { t } = useTranslation()
  const drawing = order.state === 'preview_queued'
  const ours = oursToMend(order)
  return (
    <Titled title={t('preview.title', { name: order.pet_name })} step="preview">
      <div role="status">
        <Group gap="sm" wrap="nowrap">
          {drawing && <Loader size="sm" aria-hidden />}
          <Text fw={600}>{t(`state.${order.state}.what`)}</Text>
        </Group>
        <Text>{ours ? t('preview.ours') : t(`state.${order.state}.next`)}</Text>
      </div>
      <Made progress={order.progress} />
      {order.state === 'preview_failed' && (
        <Alert color="yellow">{order.reason ? t('order.reason', { reason: order.reason }) : t('failure.title')}</Alert>
      )}
      <Pictures order={order} />
      {order.state === 'preview_ready' && (
        <>
          <Text size="sm" c="dimmed">
            {t('preview.about')}
          </Text>
          <Paying link={link} order={order} offer={offer} />
        </>
      )}
      {!drawing && (
        <Stack gap="xs">
          {ours && <AskAgain link={link} />}
          <Button variant="default" onClick={() => goToStep('photos')}>
            {t('preview.change_photos')}
          </Button>
          <Button variant="default" onClick={() => goToStep('story')}>
            {t('preview.change_story')}
          </Button>
        </Stack>
      )}
      <Footer link={link} order={order} />
    </Titled>
  )
}

function AskAgain({ link }: { link: string }) {
  const { t } = useTranslation()
  const show = useShowOrder(link)
  const ask = useMutation({ mutationFn: () => askForPreview(link), onSuccess: show })
  return (
    <>
      {ask.error && <Trouble error={ask.error} />}
      <Button loading={ask.isPending} onClick={() => ask.mutate()}>
        {t('preview.again')}
      </Button>
    </>
  )
}
