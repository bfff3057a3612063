import {
  ActionIcon,
  Button,
  FileButton,
  Group,
  Image,
  SimpleGrid,
  Stack,
  Text,
  Title,
  VisuallyHidden,
} from '@mantine/core'
import '@mantine/dropzone/styles.css'
import { Dropzone } from '@mantine/dropzone'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Camera, ImagePlus, Trash2 } from 'lucide-react'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { type Offer, type Order, removePhoto, thumbnailAddress } from './api'
import { refusedPhotos, roomIn } from './states'
import { Trouble } from './Trouble'
import { UploadRow } from './UploadRow'
import type { Bounds, Upload, Uploads } from './uploads'

interface Props {
  link: string
  order: Order
  offer: Offer
  uploads: Upload[]
  sending: Uploads
}

/** Photos of the order: chosen, on their way, there, and taken back. */
export function PhotoPicking({ link, order, offer, uploads, sending }: Props) {
  const { t } = useTranslation()
  const room = roomIn(order, offer.photos.most)
  return (
    <Stack gap="lg">
      {room > 0 && <Choosing bounds={offer.photos} take={(files) => sending.add(files)} />}
      {uploads.length > 0 && (
        <section aria-labelledby="on-way">
          <Title order={2} size="h4" id="on-way" mb="xs">
            {t('photos.on_way')}
          </Title>
          <Stack component="ul" gap="sm" className="plain-list">
            {uploads.map((one) => (
              <UploadRow key={one.id} upload={one} sending={sending} bounds={offer.photos} />
            ))}
          </Stack>
        </section>
      )}
      <There link={link} order={order} most={offer.photos.most} />
      <div role="status">
        <VisuallyHidden>{t('photos.sent', { count: order.photos.length })}</VisuallyHidden>
      </div>
    </Stack>
  )
}

const HEIC = ['image/heic', 'image/heif']
const ENDINGS: Record<string, string[]> = {
  'image/jpeg': ['.jpg', '.jpeg'],
  'image/png': ['.png'],
  'image/webp': ['.webp'],
}

function Choosing({ bounds, take }: { bounds: Bounds; take: (files: File[]) => void }) {
  const { t } = useTranslation()
  const open = useRef<() => void>(null)
  const offered = Object.fromEntries(
    bounds.formats.map((one) => [one, HEIC.includes(one) ? ['.heic', '.heif'] : (ENDINGS[one] ?? [])]),
  )
  return (
    <Dropzone
      openRef={open}
      accept={offered}
      multiple
      activateOnClick={false}
      activateOnKeyboard={false}
      tabIndex={-1}
      onDrop={() => undefined}
      // What is not taken is said of each file, as everything else that may be wrong with it.
      onDropAny={(files, rejections) => take([...files, ...rejections.map((one) => one.file)])}
      styles={{ inner: { pointerEvents: 'all' } }}
      p="lg"
    >
      <Stack align="center" gap="sm">
        <Button size="md" variant="light" leftSection={<ImagePlus aria-hidden />} onClick={() => open.current?.()}>
          {t('photos.choose')}
        </Button>
        <FileButton accept="image/*" capture="environment" onChange={(file) => file && take([file])}>
          {(props) => (
            <Button {...props} hiddenFrom="sm" size="md" variant="default" leftSection={<Camera aria-hidden />}>
              {t('photos.camera')}
            </Button>
          )}
        </FileButton>
        <Text size="sm" c="dimmed" visibleFrom="sm">
          {t('photos.drop')}
        </Text>
      </Stack>
    </Dropzone>
  )
}

function There({ link, order, most }: { link: string; order: Order; most: number }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const read = () => queries.invalidateQueries({ queryKey: ['order', link] })
  const remove = useMutation({ mutationFn: (photo: string) => removePhoto(link, photo), onSettled: read })
  const refused = refusedPhotos(order)
  const paid = order.state === 'production_failed'
  return (
    <section aria-labelledby="there">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4" id="there">
          {t('photos.yours')}
        </Title>
        <Text size="sm" c="dimmed">
          {t('photos.count', { count: order.photos.length, most })}
        </Text>
      </Group>
      {remove.error && <Trouble error={remove.error} />}
      {order.photos.length === 0 && <Text c="dimmed">{t('photos.none')}</Text>}
      <SimpleGrid component="ul" className="plain-list" cols={{ base: 3, xs: 4 }} spacing="xs">
        {order.photos.map(({ id, position }) => (
          <li key={id}>
            <div className="photo">
              <Image src={thumbnailAddress(link, id)} alt={t('photos.nth', { position })} loading="lazy" />
              {(!paid || refused.has(id)) && (
                <ActionIcon
                  variant="filled"
                  color="dark"
                  size="lg"
                  aria-label={t('photos.remove', { position })}
                  loading={remove.isPending && remove.variables === id}
                  onClick={() => remove.mutate(id)}
                >
                  <Trash2 size={18} aria-hidden />
                </ActionIcon>
              )}
            </div>
            {refused.has(id) && (
              <Text size="sm" c="red">
                {t('photos.refused')}
              </Text>
            )}
          </li>
        ))}
      </SimpleGrid>
    </section>
  )
}
