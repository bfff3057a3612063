import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { cancelOrder } from './api'
import { Trouble } from './Trouble'
import { useShowOrder } from './use'

/** Ends an unpaid order, asked once more before that. */
export function Cancelling({ link }: { link: string }) {
  const { t } = useTranslation()
  const [asking, setAsking] = useState(false)
  const show = useShowOrder(link)
  const cancel = useMutation({
    mutationFn: () => cancelOrder(link),
    onSuccess: (order) => {
      setAsking(false)
      show(order)
    },
  })
  return (
    <>
      <Button variant="subtle" color="red" size="sm" onClick={() => setAsking(true)}>
        {t('order.cancel')}
      </Button>
      {/* Without Mantine's own header, which would be the page's second banner. */}
      <Modal.Root opened={asking} onClose={() => setAsking(false)} centered>
        <Modal.Overlay />
        <Modal.Content>
          <Modal.Body pt="md">
            <Stack>
              <Modal.Title fz="lg" fw={650}>
                {t('order.cancel_sure')}
              </Modal.Title>
              <Text>{t('order.cancel_what')}</Text>
              {cancel.error && <Trouble error={cancel.error} />}
              <Group>
                <Button color="red" loading={cancel.isPending} onClick={() => cancel.mutate()}>
                  {t('order.cancel')}
                </Button>
                <Button variant="default" onClick={() => setAsking(false)}>
                  {t('order.cancel_not')}
                </Button>
              </Group>
            </Stack>
          </Modal.Body>
        </Modal.Content>
      </Modal.Root>
    </>
  )
}
