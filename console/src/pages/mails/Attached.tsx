import { Button, Group, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Paperclip } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useFailureWords } from '~/look/Failure'
import { tellFailure } from '~/look/tell'
import { bytes } from '~/words/formats'
import { type Attachment, attachment, type MailDetail, save } from './queries'

/** What came with the mail, to be saved. */
export function Attached({ mail }: { mail: MailDetail }) {
  const { t } = useTranslation('mails')
  if (mail.attachments.length === 0) return null
  return (
    <section aria-label={t('attachments')}>
      <Title order={3} size="h5" mb={4}>
        {t('attachments')}
      </Title>
      <Group gap="xs">
        {mail.attachments.map((one) => (
          <One key={one.number} mail={mail} one={one} />
        ))}
      </Group>
    </section>
  )
}

function One({ mail, one }: { mail: MailDetail; one: Attachment }) {
  const words = useFailureWords()
  const load = useMutation({
    mutationFn: async () => save(await attachment(mail.id, one), one.name),
    onError: (error) => tellFailure(words(error)),
  })
  return (
    <Button
      variant="default"
      size="compact-md"
      leftSection={<Paperclip size={14} aria-hidden />}
      onClick={() => load.mutate()}
      loading={load.isPending}
      maw="100%"
    >
      {one.name} ({bytes(one.size)})
    </Button>
  )
}
