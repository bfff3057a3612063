import { Button, Group, NumberInput, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useKeys } from '~/api/repeated'
import { Dialog } from '~/look/Dialog'
import { Failure } from '~/look/Failure'

interface Props<T> {
  title: string
  text: string
  opened: boolean
  close: () => void
  /** Does it, so that the old one stays valid for these hours; under this Idempotency-Key. */
  rotate: (hours: number, key: string) => Promise<T>
  done: (made: T) => void
}

const DAY = 24
const MOST = 720

/** Asks for how long the old one stays valid beside the new one. */
export function Rotating<T>({ title, opened, close, ...rest }: Props<T>) {
  return (
    <Dialog title={title} opened={opened} close={close}>
      <Form title={title} close={close} {...rest} />
    </Dialog>
  )
}

function Form<T>({ title, text, rotate, done, close }: Omit<Props<T>, 'opened'>) {
  const { t } = useTranslation(['keys', 'common'])
  const keys = useKeys()
  const [hours, setHours] = useState<number | string>(DAY)
  const rotating = useMutation({
    mutationFn: (overlap: number) => rotate(overlap, keys.of(overlap)),
    onSuccess: done,
    onSettled: (_, error) => keys.ended(error),
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (typeof hours === 'number') rotating.mutate(hours)
      }}
    >
      <Stack>
        {rotating.error && <Failure error={rotating.error} />}
        <Text size="sm">{text}</Text>
        <NumberInput
          label={t('overlap')}
          description={t('overlap_hint')}
          min={0}
          max={MOST}
          allowDecimal={false}
          required
          value={hours}
          onChange={setHours}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('cancel', { ns: 'common' })}
          </Button>
          <Button type="submit" loading={rotating.isPending} disabled={typeof hours !== 'number'}>
            {title}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
