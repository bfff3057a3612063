import { Button, Group } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { KeyRound, Pause, Pencil, Play, RotateCcw, Send, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { answer, api } from '~/api/client'
import { confirm } from '~/look/confirm'
import { Dialog } from '~/look/Dialog'
import { Handed } from '~/look/Handed'
import { useMay } from '~/session/use'
import { EditEndpoint } from './EditEndpoint'
import type { Made } from './NewEndpoint'
import { type Endpoint, useDoing } from './queries'
import { Replay } from './Replay'
import { Rotate } from './Rotate'
import { WORDS } from './words'

const ADDRESS = '/api/v2/webhooks/endpoints/{endpoint_id}'

/** Let it be told again, or tell it nothing for a while. */
export function useEnable({ id }: Endpoint, enabled: boolean) {
  const { t } = useTranslation(WORDS)
  return useDoing(() => answer(api.PATCH(ADDRESS, { params: { path: { endpoint_id: id } }, body: { enabled } })), {
    said: t(enabled ? 'enabled_done' : 'disabled_done'),
  })
}

/** What can be done to an endpoint, for who may. */
export function Acts({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation(WORDS)
  const may = useMay()
  const [editing, ofEdit] = useDisclosure()
  const [rotating, ofRotate] = useDisclosure()
  const [replaying, ofReplay] = useDisclosure()
  const [rotated, setRotated] = useState<Made | null>(null)
  function handOver(made: Made): void {
    ofRotate.close()
    setRotated(made)
  }
  if (!may('webhooks:write')) return null
  return (
    <Group gap="xs">
      <Try endpoint={endpoint} />
      <Button variant="default" leftSection={<Pencil size={16} aria-hidden />} onClick={ofEdit.open}>
        {t('edit', { ns: 'common' })}
      </Button>
      <Button variant="default" leftSection={<KeyRound size={16} aria-hidden />} onClick={ofRotate.open}>
        {t('rotate')}
      </Button>
      <Button
        variant="default"
        leftSection={<RotateCcw size={16} aria-hidden />}
        onClick={ofReplay.open}
        disabled={!endpoint.enabled}
      >
        {t('replay_span')}
      </Button>
      <Turn endpoint={endpoint} />
      <Remove endpoint={endpoint} />
      <Dialog title={t('edit_title')} opened={editing} close={ofEdit.close} size="lg">
        <EditEndpoint id={endpoint.id} done={ofEdit.close} />
      </Dialog>
      <Dialog title={t('rotate')} opened={rotating} close={ofRotate.close}>
        <Rotate id={endpoint.id} done={handOver} />
      </Dialog>
      <Handed
        title={t('rotate')}
        text={t('rotated_text')}
        secret={rotated?.secret ?? null}
        label={t(rotated?.signing === 'v1a' ? 'public_key' : 'secret')}
        done={() => setRotated(null)}
      />
      <Dialog title={t('replay_span')} opened={replaying} close={ofReplay.close}>
        <Replay id={endpoint.id} />
      </Dialog>
    </Group>
  )
}

function Try({ endpoint: { id, enabled } }: { endpoint: Endpoint }) {
  const { t } = useTranslation(WORDS)
  const go = useNavigate()
  const trying = useDoing(
    async (endpoint_id: string, header) => {
      const params = { path: { endpoint_id }, header }
      return (await answer(api.POST(`${ADDRESS}/test`, { params }))).data
    },
    { said: t('test_done'), done: (delivery) => void go(`/deliveries/${delivery.id}`) },
  )
  return (
    <Button
      leftSection={<Send size={16} aria-hidden />}
      onClick={() => trying.mutate(id)}
      loading={trying.isPending}
      disabled={!enabled}
    >
      {t('test')}
    </Button>
  )
}

function Turn({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation(WORDS)
  const turn = useEnable(endpoint, !endpoint.enabled)
  const off = () =>
    confirm(t, {
      title: t('disable_title'),
      text: t('disable_text'),
      act: t('disable'),
      done: () => turn.mutate(undefined),
    })
  return endpoint.enabled ? (
    <Button variant="default" leftSection={<Pause size={16} aria-hidden />} onClick={off} loading={turn.isPending}>
      {t('disable')}
    </Button>
  ) : (
    <Button
      variant="default"
      leftSection={<Play size={16} aria-hidden />}
      onClick={() => turn.mutate(undefined)}
      loading={turn.isPending}
    >
      {t('enable')}
    </Button>
  )
}

function Remove({ endpoint: { id, url } }: { endpoint: Endpoint }) {
  const { t } = useTranslation(WORDS)
  const go = useNavigate()
  const removing = useDoing(() => api.DELETE(ADDRESS, { params: { path: { endpoint_id: id } } }), {
    said: t('deleted'),
    done: () => void go('/endpoints'),
    // The endpoint itself is shown still and there no more.
    anew: ['endpoints'],
  })
  const ask = () =>
    confirm(t, {
      title: t('delete_title'),
      text: t('delete_text', { url }),
      act: t('delete', { ns: 'common' }),
      done: () => removing.mutate(undefined),
    })
  return (
    <Button variant="default" leftSection={<Trash2 size={16} aria-hidden />} onClick={ask} loading={removing.isPending}>
      {t('delete', { ns: 'common' })}
    </Button>
  )
}
