import { Button, Group, Menu, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ChevronDown, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { confirm } from '~/look/confirm'
import { Failure } from '~/look/Failure'
import { tell } from '~/look/tell'
import { useMay } from '~/session/use'
import type { Pet } from './following'
import { PetForm } from './PetForm'
import { type NewPet, STATUSES, type Status } from './queries'

interface Of {
  pet: Pet
  /** The tag under which the pet was read: what changes it asks that it is still so. */
  etag: string
}

/** What may be done with a pet, for who may. */
export function Acts({ pet, etag }: Of) {
  const { t } = useTranslation(['pets', 'common'])
  const may = useMay()
  const client = useQueryClient()
  const settled = () => client.invalidateQueries({ queryKey: ['pets'] })
  const params = { path: { pet_id: pet.id }, header: { 'If-Match': etag } }
  const change = useMutation({
    mutationFn: (status: Status) => api.PATCH('/api/v2/pets/{pet_id}/status', { params, body: { status } }),
    onSuccess: (_, status) => tell(t('now', { name: pet.name, status: t(`status_${status}`) })),
    onSettled: settled,
  })
  const remove = useMutation({
    mutationFn: () => api.DELETE('/api/v2/pets/{pet_id}', { params }),
    onSuccess: () => tell(t('deleted')),
    onSettled: settled,
  })
  const error = change.error ?? remove.error
  const again = () => {
    change.reset()
    remove.reset()
    void settled()
  }
  const ask = () =>
    confirm(t, {
      title: t('delete_title', { name: pet.name }),
      text: t('delete_text'),
      act: t('delete', { ns: 'common' }),
      done: () => remove.mutate(),
    })
  return (
    <Stack>
      {error && <Failure error={error} again={again} />}
      <Group gap="xs">
        {may('pets:write') && <ChangeStatus pet={pet} busy={change.isPending} change={change.mutate} />}
        {may('pets:write') && <Edit pet={pet} etag={etag} />}
        {may('pets:delete') && (
          <Button
            variant="default"
            leftSection={<Trash2 size={16} aria-hidden />}
            onClick={ask}
            loading={remove.isPending}
          >
            {t('delete', { ns: 'common' })}
          </Button>
        )}
      </Group>
    </Stack>
  )
}

function ChangeStatus({ pet, busy, change }: { pet: Pet; busy: boolean; change: (status: Status) => void }) {
  const { t } = useTranslation('pets')
  return (
    <Menu withInitialFocusPlaceholder={false} withinPortal={false}>
      <Menu.Target>
        <Button rightSection={<ChevronDown size={16} aria-hidden />} loading={busy}>
          {t('change_status')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {STATUSES.filter((status) => status !== pet.status).map((status) => (
          <Menu.Item key={status} onClick={() => change(status)}>
            {t(`status_${status}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

/** What is changed is what was read when the form was opened, whatever comes meanwhile: then it is refused. */
function Edit({ pet, etag }: Of) {
  const { t } = useTranslation('pets')
  const client = useQueryClient()
  const [read, setRead] = useState<Of>({ pet, etag })
  const [opened, { open, close }] = useDisclosure()
  const save = (body: NewPet) =>
    api.PUT('/api/v2/pets/{pet_id}', {
      params: { path: { pet_id: pet.id }, header: { 'If-Match': read.etag } },
      body,
    })
  const begin = () => {
    setRead({ pet, etag })
    open()
  }
  const again = () => {
    close()
    void client.invalidateQueries({ queryKey: ['pets'] })
  }
  return (
    <>
      <Button variant="default" leftSection={<Pencil size={16} aria-hidden />} onClick={begin}>
        {t('edit')}
      </Button>
      <PetForm
        opened={opened}
        close={close}
        title={t('edit_title', { name: read.pet.name })}
        act={t('save', { ns: 'common' })}
        pet={read.pet}
        save={save}
        done={() => tell(t('saved', { ns: 'common' }))}
        again={again}
      />
    </>
  )
}
