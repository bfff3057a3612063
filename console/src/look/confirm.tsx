import { Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import type { TFunction } from 'i18next'

const ABOVE = 300

interface Asked {
  title: string
  text: string
  /** What the button that does it says: the act, never "OK". */
  act: string
  done: () => void
}

/** Ask before something that cannot be taken back. */
export function confirm(t: TFunction, { title, text, act, done }: Asked): void {
  modals.openConfirmModal({
    title,
    children: <Text size="sm">{text}</Text>,
    labels: { confirm: act, cancel: t('cancel', { ns: 'common' }) },
    confirmProps: { color: 'red' },
    closeButtonProps: { 'aria-label': t('close', { ns: 'common' }) },
    onConfirm: done,
    // It may be asked from within a dialog, over which it stands.
    zIndex: ABOVE,
  })
}
