import { Image, SimpleGrid, Skeleton, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { type Order, pictureAddress } from './api'

/** The pictures as far as they are drawn: whole ones for who has paid, watermarked ones before. */
export function Pictures({ order }: { order: Order }) {
  const { t } = useTranslation()
  const moving = order.state === 'preview_queued'
  const shown = order.arts.filter((art) => art.picture || art.preview || (moving && art.state === 'queued'))
  if (shown.length === 0) return null
  const cols = shown.length === 1 ? 1 : 2
  return (
    <SimpleGrid cols={{ base: cols, xs: Math.min(3, shown.length) }} spacing="sm">
      {shown.map((art) => {
        const style = t(`style.${art.style}`)
        const path = art.picture ?? art.preview
        const said = art.picture ? 'preview.picture_alt' : 'preview.alt'
        return (
          <figure key={art.id} className="sample">
            {path ? (
              <Image
                className="drawn"
                src={pictureAddress(path)}
                alt={t(said, { name: order.pet_name, style })}
                loading="lazy"
              />
            ) : (
              <Skeleton className="drawing" radius="md" />
            )}
            <Text component="figcaption" size="sm" ta="center">
              {style}
            </Text>
          </figure>
        )
      })}
    </SimpleGrid>
  )
}
