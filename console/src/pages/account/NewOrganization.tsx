import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useDisclosure } from '@mantine/hooks'
import { Plus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { queries } from '~/api/queries'
import { useKeys } from '~/api/repeated'
import { Failure } from '~/look/Failure'
import { tell } from '~/look/tell'
import { useChecks } from './checks'
import { useSending } from './refusals'
import { WORDS } from './words'

/** A button, and the form behind it. */
export function NewOrganization() {
  const { t } = useTranslation(WORDS)
  const [opened, { open, close }] = useDisclosure()
  return (
    <>
      <Button leftSection={<Plus size={16} aria-hidden />} onClick={open}>
        {t('make')}
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title={t('make')}
        closeButtonProps={{ 'aria-label': t('close', { ns: 'common' }) }}
      >
        <Making close={close} />
      </Modal>
    </>
  )
}

function Making({ close }: { close: () => void }) {
  const { t } = useTranslation(WORDS)
  const { needed, slug } = useChecks()
  const keys = useKeys()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', slug: '' },
    validate: { name: needed, slug },
  })
  const { error, busy, submit, again } = useSending(form, async ({ name, slug }) => {
    const body = { name: name.trim(), ...(slug ? { slug } : {}) }
    const headers = { 'Idempotency-Key': keys.of(body) }
    const { data } = await answer(api.POST('/api/v2/organizations', { params: { header: headers }, body }))
    tell(t('made', { name: data.name }))
    close()
    await queries.invalidateQueries({ queryKey: ['organizations'] })
  })
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Failure error={error} again={again} />}
        <TextInput
          name="name"
          label={t('name')}
          autoComplete="organization"
          data-autofocus
          required
          key={form.key('name')}
          {...form.getInputProps('name')}
        />
        <TextInput
          name="slug"
          label={t('slug')}
          description={t('slug_about')}
          key={form.key('slug')}
          {...form.getInputProps('slug')}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('cancel', { ns: 'common' })}
          </Button>
          <Button type="submit" loading={busy}>
            {t('create', { ns: 'common' })}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
