import { Anchor, Code, List, ScrollArea, Stack, Title } from '@mantine/core'
import { ExternalLink } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Outline } from '~/look/Shown'
import { nonce } from '~/place'
import { type MailDetail, useImages } from './queries'
import { type Link, shownMail } from './shown'

/** Text as it was sent, each line its own. */
export function Plain({ label, children }: { label: string; children: string }) {
  return (
    <ScrollArea.Autosize mah={480} viewportProps={{ tabIndex: 0, 'aria-label': label, role: 'region' }}>
      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }} data-testid="mail-text">
        {children}
      </Code>
    </ScrollArea.Autosize>
  )
}

/** HTML in a frame in which nothing runs and from which nothing is fetched or left. */
export function Html({ mail, html }: { mail: MailDetail; html: string }) {
  const { t } = useTranslation('mails')
  const images = useImages(mail)
  const shown = useMemo(() => shownMail(html, nonce, images.data), [html, images.data])
  // Its images belong to what the frame is opened with: one that is sent elsewhere while it opens may stay empty.
  if (images.isLoading) return <Outline />
  return (
    <Stack>
      <iframe
        title={t('html_of', { subject: mail.subject })}
        sandbox=""
        srcDoc={shown.html}
        referrerPolicy="no-referrer"
        style={{ width: '100%', height: 'min(60vh, 640px)', border: 0, borderRadius: 8, background: '#fff' }}
      />
      <Links links={shown.links} />
    </Stack>
  )
}

/** Where the mail leads, to be looked at before it is gone to. */
export function Links({ links }: { links: Link[] }) {
  const { t } = useTranslation('mails')
  if (links.length === 0) return null
  return (
    <section aria-label={t('links')}>
      <Title order={3} size="h5" mt="sm" mb={4}>
        {t('links')}
      </Title>
      <List size="sm" spacing="xs">
        {links.map(({ text, href }) => (
          <List.Item key={href}>
            {text && `${text}: `}
            <Anchor href={href} target="_blank" rel="noopener noreferrer" style={{ overflowWrap: 'anywhere' }}>
              {href} <ExternalLink size={14} role="img" aria-label={t('new_tab')} />
            </Anchor>
          </List.Item>
        ))}
      </List>
    </section>
  )
}
