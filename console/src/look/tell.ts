import { notifications } from '@mantine/notifications'
import i18next from 'i18next'

const close = () => ({ 'aria-label': i18next.t('close') })

/** Say briefly that something is done. */
export function tell(message: string): void {
  notifications.show({ message, color: 'teal', withBorder: true, closeButtonProps: close() })
}

/** Say briefly that something was not done, in the words of `useFailureWords`. */
export function tellFailure(message: string): void {
  notifications.show({ message, color: 'red', withBorder: true, autoClose: 10_000, closeButtonProps: close() })
}
