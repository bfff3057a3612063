import { Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Download, Mail } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { askForMail, bookAddress, type Order } from './api'
import { dayOf, megabytes } from './speech'
import { Trouble } from './Trouble'
import { useShowOrder } from './use'

/** The book once it is made: fetched, mailed once more, and the page behind its QR code. */
export function Book({ link, order }: { link: string; order: Order }) {
  const { t } = useTranslation()
  if (!order.book) return null
  return (
    <Stack gap="md">
      <Stack gap={4} className="act">
        <Button
          component="a"
          href={bookAddress(link)}
          download
          size="lg"
          fullWidth
          leftSection={<Download aria-hidden />}
        >
          {t('book.download', { size: megabytes(order.book.bytes) })}
        </Button>
      </Stack>
      <Text size="sm" c="dimmed">
        {t('book.kept', { day: dayOf(order.book.expires_at) })}
      </Text>
      {order.tribute_url && <Anchor href={order.tribute_url}>{t('book.tribute')}</Anchor>}
      {order.email && <MailAgain link={link} email={order.email} />}
    </Stack>
  )
}

function MailAgain({ link, email }: { link: string; email: string }) {
  const { t } = useTranslation()
  const show = useShowOrder(link)
  const ask = useMutation({ mutationFn: () => askForMail(link), onSuccess: show })
  return (
    <Stack gap="xs">
      {ask.error && <Trouble error={ask.error} />}
      <Group gap="sm">
        <Button
          variant="default"
          loading={ask.isPending}
          onClick={() => ask.mutate()}
          leftSection={<Mail size={18} aria-hidden />}
        >
          {t('book.mail')}
        </Button>
        <Text size="sm" c="dimmed">
          {t('book.mail_to', { email })}
        </Text>
      </Group>
      <div role="status">{ask.isSuccess && <Text size="sm">{t('book.mail_sent')}</Text>}</div>
    </Stack>
  )
}
