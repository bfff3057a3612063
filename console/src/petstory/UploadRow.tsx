import { ActionIcon, Box, Button, Group, Image, Progress, Stack, Text } from '@mantine/core'
import { ImageOff, X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useTroubleWords } from './trouble'
import type { Bounds, Upload, Uploads } from './uploads'

/** A photo on its way: a picture of it, how far it is, or why it does not come. */
export function UploadRow({ upload, sending, bounds }: { upload: Upload; sending: Uploads; bounds: Bounds }) {
  const { t } = useTranslation()
  const words = useTroubleWords(bounds)
  const { id, name, stage } = upload
  const failed = stage === 'failed'
  const percent = Math.round(upload.share * 100)
  return (
    <Group component="li" wrap="nowrap" align="flex-start" gap="sm" data-testid="upload" data-stage={stage}>
      <Glance url={upload.url} />
      <Stack gap={4} style={{ flex: 1, minWidth: 0 }}>
        <Text size="sm" truncate="end" dir="auto">
          {name}
        </Text>
        {!failed && (
          <Progress
            value={percent}
            size="md"
            animated={stage === 'checking'}
            striped={stage === 'checking'}
            aria-label={name}
          />
        )}
        <Text size="sm" c={failed ? 'red' : 'dimmed'} role={failed ? 'alert' : undefined}>
          {failed ? words(upload.why) : t(`photos.${stage}`, { percent })}
        </Text>
        {(failed || stage === 'resting') && upload.again && (
          <Button
            size="xs"
            variant="default"
            onClick={() => sending.retry(id)}
            aria-label={t('photos.retry', { name })}
          >
            {t('again')}
          </Button>
        )}
      </Stack>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        onClick={() => sending.drop(id)}
        aria-label={t(failed ? 'photos.drop_failed' : 'photos.cancel', { name })}
      >
        <X size={20} aria-hidden />
      </ActionIcon>
    </Group>
  )
}

/** The file itself, where the browser can show it: not every one can show what a phone has taken. */
function Glance({ url }: { url: string }) {
  const [shown, setShown] = useState(true)
  return (
    <Box w={56} h={56} className="photo glance">
      {shown ? <Image src={url} alt="" onError={() => setShown(false)} /> : <ImageOff size={24} aria-hidden />}
    </Box>
  )
}
