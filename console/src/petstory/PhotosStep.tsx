import { Button, Group, Stack } from '@mantine/core'
import { ArrowRight } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Offer, Order } from './api'
import { Footer } from './Footer'
import { PhotoPicking } from './PhotoPicking'
import { goToStep } from './place'
import { megabytes } from './speech'
import { Titled } from './Titled'
import type { Upload, Uploads } from './uploads'

interface Props {
  link: string
  order: Order
  offer: Offer
  uploads: Upload[]
  sending: Uploads
}

export function PhotosStep({ link, order, offer, uploads, sending }: Props) {
  const { t } = useTranslation()
  const about = t('photos.about', { most: offer.photos.most, size: megabytes(offer.photos.bytes) })
  return (
    <Titled title={t('photos.title', { name: order.pet_name })} about={about} step="photos">
      <PhotoPicking link={link} order={order} offer={offer} uploads={uploads} sending={sending} />
      <Stack gap="md">
        <Group className="act">
          <Button
            size="md"
            fullWidth
            disabled={order.photos.length === 0}
            rightSection={<ArrowRight aria-hidden />}
            onClick={() => goToStep('story')}
          >
            {t('next')}
          </Button>
        </Group>
        <Footer link={link} order={order} />
      </Stack>
    </Titled>
  )
}
