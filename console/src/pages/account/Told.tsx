import { Alert, Anchor, Stack } from '@mantine/core'
import { CircleCheck, MailOpen } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'react-router'

interface Props {
  children: ReactNode
  title?: string
  /** Whether what was asked for comes by mail. */
  mailed?: boolean
  to: string
  onward: string
}

/** What was done, announced as it appears, and where to go from here. */
export function Told({ children, title, mailed, to, onward }: Props) {
  return (
    <Stack>
      <Alert
        role="status"
        color="teal"
        variant="light"
        title={title}
        icon={mailed ? <MailOpen aria-hidden /> : <CircleCheck aria-hidden />}
      >
        {children}
      </Alert>
      <Anchor component={Link} to={to} underline="always">
        {onward}
      </Anchor>
    </Stack>
  )
}
