import { Button, CopyButton, Group, Stack, Text } from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Order } from './api'
import { Cancelling } from './Cancelling'
import { orderPath } from './place'
import { dayOf } from './speech'
import { numberOf, UNPAID } from './states'

/** What is true of an order at every step: its number, the way back to it, when it ends, and how to end it. */
export function Footer({ link, order }: { link: string; order: Order }) {
  const { t } = useTranslation()
  const unpaid = UNPAID.includes(order.state)
  return (
    <Stack component="footer" gap="xs" mt="lg">
      <Text size="sm" c="dimmed">
        {t('order.number', { number: numberOf(order.id) })}
        {unpaid && ` · ${t('order.ends', { day: dayOf(order.expires_at) })}`}
      </Text>
      <Text size="sm" c="dimmed">
        {t('order.keep')}
      </Text>
      <Group gap="xs">
        <CopyButton value={window.location.origin + orderPath(link)}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              size="sm"
              onClick={copy}
              leftSection={copied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
            >
              {t(copied ? 'order.copied' : 'order.copy')}
            </Button>
          )}
        </CopyButton>
        {unpaid && <Cancelling link={link} />}
      </Group>
    </Stack>
  )
}
