import { ActionIcon, Alert, Code, CopyButton, Group, Tooltip } from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import { useTranslation } from 'react-i18next'

/** A text that can be copied with a button. */
export function Copied({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation()
  return (
    <Group gap="xs" wrap="nowrap">
      <Code fz="sm" style={{ overflowWrap: 'anywhere' }} data-testid="copied-text">
        {text}
      </Code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? t('copied') : t('copy')}>
            <ActionIcon variant="default" onClick={copy} aria-label={`${copied ? t('copied') : t('copy')}: ${label}`}>
              {copied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  )
}

/** A secret that is shown this one time. */
export function Once({ secret, label }: { secret: string; label: string }) {
  const { t } = useTranslation()
  return (
    <Alert color="yellow" title={t('once.title')} role="status">
      <p>{t('once.text')}</p>
      <Copied text={secret} label={label} />
    </Alert>
  )
}
