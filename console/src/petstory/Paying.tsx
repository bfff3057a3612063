import { Alert, Anchor, Button, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { checkOut, type Offer, type Order } from './api'
import { money } from './speech'
import { Trouble } from './Trouble'

/** The way to where the order is paid, and back. */
export function Paying({ link, order, offer }: { link: string; order: Order; offer: Offer }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const pay = useMutation({
    mutationFn: () => checkOut(link),
    onSuccess: ({ url }) => window.location.assign(url),
    onError: () => queries.invalidateQueries({ queryKey: ['order', link] }),
  })
  // Who comes back by the browser's own button finds the page as it was left: on its way.
  const { reset } = pay
  useEffect(() => {
    const shown = (event: PageTransitionEvent) => event.persisted && reset()
    window.addEventListener('pageshow', shown)
    return () => window.removeEventListener('pageshow', shown)
  }, [reset])
  if (!offer.payable) return <Alert color="yellow">{t('begin.unpayable')}</Alert>
  if (order.state === 'payment_pending') {
    // Nobody whose payment is under way is pressed to pay once more.
    return order.checkout ? <Anchor href={order.checkout.url}>{t('pay.otherwise')}</Anchor> : null
  }
  const going = pay.isPending || pay.isSuccess
  return (
    <Stack gap="xs">
      {pay.error && <Trouble error={pay.error} again={() => pay.mutate()} />}
      <div className="act">
        <Button size="lg" fullWidth loading={going} onClick={() => pay.mutate()}>
          {t('pay.button', { price: money(order.price, order.currency) })}
        </Button>
      </div>
      <Text size="sm" c="dimmed" role="status">
        {going ? t('pay.going') : t('pay.with')}
      </Text>
    </Stack>
  )
}
