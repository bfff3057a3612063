import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Once } from './Once'

interface Props {
  title: string
  /** What it is for, where the title does not say it. */
  text?: string
  /** What is handed over; nothing while there is none. */
  secret: string | null
  label: string
  done: () => void
}

/** Hands over a secret that is shown this once: it goes when somebody says that they have it, and not by a slip. */
export function Handed({ title, text, secret, label, done }: Props) {
  const { t } = useTranslation()
  return (
    <Modal
      opened={secret !== null}
      onClose={done}
      title={title}
      size="lg"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <Stack>
        {secret !== null && text && <Text size="sm">{text}</Text>}
        {secret !== null && <Once secret={secret} label={label} />}
        <Group justify="flex-end">
          <Button onClick={done}>{t('once.done')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
