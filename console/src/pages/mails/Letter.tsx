import { Button, Group, Paper, Stack, Table, Tabs, Text, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ArrowLeft, Download, Trash2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { useFailureWords } from '~/look/Failure'
import { Moment } from '~/look/Moment'
import { Shown } from '~/look/Shown'
import { tell, tellFailure } from '~/look/tell'
import { bytes } from '~/words/formats'
import { Attached } from './Attached'
import { Html, Links, Plain } from './Bodies'
import { type MailDetail, save, source, useMail } from './queries'
import { linksIn } from './shown'

/** One mail: who, what, and what can be done with it. */
export function Letter({ id, close }: { id: string; close: () => void }) {
  const mail = useMail(id)
  return (
    <Paper withBorder p="md" component="article" aria-labelledby="subject">
      <Shown of={mail}>{(data) => <Opened mail={data} close={close} />}</Shown>
    </Paper>
  )
}

function Opened({ mail, close }: { mail: MailDetail; close: () => void }) {
  const { t } = useTranslation(['mails', 'common'])
  return (
    <Stack>
      <Title order={2} size="h3" id="subject">
        {mail.subject || t('no_subject')}
      </Title>
      <Acts mail={mail} close={close} />
      <Envelope mail={mail} />
      <Bodies mail={mail} />
      <Attached mail={mail} />
    </Stack>
  )
}

function Acts({ mail, close }: { mail: MailDetail; close: () => void }) {
  const { t } = useTranslation(['mails', 'common'])
  const words = useFailureWords()
  const client = useQueryClient()
  const drop = useMutation({
    mutationFn: () => api.DELETE('/api/v2/development/mails/{mail_id}', { params: { path: { mail_id: mail.id } } }),
    onSuccess: () => {
      tell(t('deleted'))
      close()
    },
    onError: (error) => tellFailure(words(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['mails', 'list'] }),
  })
  const load = useMutation({
    mutationFn: async () => save(await source(mail.id), `${mail.id}.eml`),
    onError: (error) => tellFailure(words(error)),
  })
  return (
    <Group gap="xs">
      <Button hiddenFrom="md" variant="default" leftSection={<ArrowLeft size={16} aria-hidden />} onClick={close}>
        {t('back', { ns: 'common' })}
      </Button>
      <Button
        variant="default"
        leftSection={<Download size={16} aria-hidden />}
        onClick={() => load.mutate()}
        loading={load.isPending}
      >
        {t('save_mail')}
      </Button>
      <Button
        variant="default"
        leftSection={<Trash2 size={16} aria-hidden />}
        onClick={() => drop.mutate()}
        loading={drop.isPending}
      >
        {t('delete', { ns: 'common' })}
      </Button>
    </Group>
  )
}

function Envelope({ mail }: { mail: MailDetail }) {
  const { t } = useTranslation('mails')
  const lines = [
    [t('from'), mail.sender],
    [t('to'), mail.to.join(', ')],
    [t('received'), <Moment key="at" at={mail.received_at} exact />],
    [t('size'), bytes(mail.size)],
    [t('encrypted'), t(mail.tls ? 'by_tls' : 'not_encrypted')],
  ] as const
  return (
    <Table variant="vertical" layout="fixed" aria-label={t('envelope')}>
      <Table.Tbody>
        {lines.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th w={120} scope="row">
              {name}
            </Table.Th>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

function Bodies({ mail }: { mail: MailDetail }) {
  const { t } = useTranslation('mails')
  const { text, html } = mail
  const first = html !== null ? 'html' : text !== null ? 'text' : 'headers'
  return (
    <Tabs defaultValue={first} keepMounted={false}>
      <Tabs.List>
        {html !== null && <Tabs.Tab value="html">{t('html')}</Tabs.Tab>}
        {text !== null && <Tabs.Tab value="text">{t('text')}</Tabs.Tab>}
        <Tabs.Tab value="headers">{t('headers')}</Tabs.Tab>
      </Tabs.List>
      {mail.cut && (
        <Text size="sm" pt="sm">
          {t('cut')}
        </Text>
      )}
      {html !== null && (
        <Tabs.Panel value="html" pt="md">
          <Html mail={mail} html={html} />
        </Tabs.Panel>
      )}
      {text !== null && (
        <Tabs.Panel value="text" pt="md">
          <Plain label={t('text')}>{text}</Plain>
          <Links links={linksIn(text)} />
        </Tabs.Panel>
      )}
      <Tabs.Panel value="headers" pt="md">
        <Plain label={t('headers')}>{mail.headers.map(({ name, value }) => `${name}: ${value}`).join('\n')}</Plain>
      </Tabs.Panel>
    </Tabs>
  )
}
