import { Alert, Anchor, Stack } from '@mantine/core'
import { WifiOff } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '~/api/problem'
import { Outline } from '~/look/Shown'
import type { Offer, Order } from './api'
import { forgetOrder } from './kept'
import { PhotosStep } from './PhotosStep'
import { PreviewStep } from './PreviewStep'
import { goTo, insteadStep, type Step, shopPath } from './place'
import { Standing } from './Standing'
import { StoryStep } from './StoryStep'
import { ENDED, roomIn, viewOf } from './states'
import { Titled } from './Titled'
import { Trouble } from './Trouble'
import { useOffer, useOnline, useOrder, useUploads } from './use'

/** An order by its secret link: what is left to do, and how it stands. */
export default function OrderPage({ link, asked }: { link: string; asked: Step | null }) {
  const order = useOrder(link)
  const offer = useOffer()
  const gone = order.error instanceof Problem && order.error.status === 404
  const ended = order.data && ENDED.includes(order.data.state)
  useEffect(() => {
    if (gone || ended) forgetOrder(link)
  }, [gone, ended, link])
  const away = !useOnline() || order.standing === 'away' || (order.error instanceof Problem && order.error.status === 0)
  if (gone) return <Missing />
  return (
    <Stack gap="md">
      <Away away={away} />
      {order.error && !away && <Trouble error={order.error} again={() => void order.refetch()} />}
      {offer.error && !offer.data && !away && <Trouble error={offer.error} again={() => void offer.refetch()} />}
      {order.data && offer.data ? (
        <Steps link={link} order={order.data} offer={offer.data} asked={asked} answers={order.standing === 'open'} />
      ) : (
        !order.error && <Outline />
      )}
    </Stack>
  )
}

interface OfOrder {
  link: string
  order: Order
  offer: Offer
}

function Steps({ link, order, offer, asked, answers }: OfOrder & { asked: Step | null; answers: boolean }) {
  const [uploads, sending] = useUploads(link, offer.photos, roomIn(order, offer.photos.most))
  // The server answers again: whoever rests until it might need not.
  useEffect(() => {
    if (answers) sending.wake()
  }, [answers, sending])
  const view = viewOf(order, asked)
  // Whoever asked for it, here or elsewhere: what was being put together is done with.
  const previewing = order.state === 'preview_queued' && asked !== null && asked !== 'preview'
  useEffect(() => {
    if (previewing) insteadStep('preview')
  }, [previewing])
  const all = { link, order, offer }
  if (view === 'photos') return <PhotosStep {...all} uploads={uploads} sending={sending} />
  if (view === 'story') return <StoryStep {...all} uploads={uploads} />
  if (view === 'preview') return <PreviewStep {...all} />
  return <Standing {...all} uploads={uploads} sending={sending} />
}

function Away({ away }: { away: boolean }) {
  const { t } = useTranslation()
  return (
    <div role="status">
      {away && (
        <Alert color="yellow" icon={<WifiOff aria-hidden />} data-testid="away">
          {t('away')}
        </Alert>
      )}
    </div>
  )
}

function Missing() {
  const { t } = useTranslation()
  return (
    <Titled title={t('missing.title')} about={t('missing.why')}>
      <Anchor
        href={shopPath}
        onClick={(event) => {
          event.preventDefault()
          goTo(shopPath)
        }}
      >
        {t('order.another')}
      </Anchor>
    </Titled>
  )
}
