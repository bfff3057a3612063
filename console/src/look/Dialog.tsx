import { Modal } from '@mantine/core'
import { useModals } from '@mantine/modals'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

interface Props {
  title: string
  opened: boolean
  close: () => void
  size?: string
  children: ReactNode
}

/** What is done beside the page; what stands in it begins anew each time it is opened. */
export function Dialog({ title, opened, close, size = 'md', children }: Props) {
  const { t } = useTranslation()
  const { modals } = useModals()
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={title}
      size={size}
      closeButtonProps={{ 'aria-label': t('close') }}
      // Escape is for the question that stands above it.
      closeOnEscape={modals.length === 0}
    >
      {opened && children}
    </Modal>
  )
}
