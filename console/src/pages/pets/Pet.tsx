import { Alert, Anchor, Button, Group, Stack, Table, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ArrowLeft, RotateCcw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { api } from '~/api/client'
import { Problem } from '~/api/problem'
import { useKeys } from '~/api/repeated'
import { LiveBadge } from '~/look/Connection'
import { useFailureWords } from '~/look/Failure'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Shown } from '~/look/Shown'
import { tell, tellFailure } from '~/look/tell'
import { useMay } from '~/session/use'
import { day, number } from '~/words/formats'
import { addWords } from '~/words/words'
import { Acts } from './Acts'
import { ExportPet } from './Export'
import en from './en.json'
import { Feedings } from './Feedings'
import type { Pet as PetView } from './following'
import ptBR from './pt-BR.json'
import { usePet } from './queries'
import { StatusBadge } from './StatusBadge'

addWords('pets', en, ptBR)

export default function Pet() {
  const { t } = useTranslation('pets')
  const { id = '' } = useParams()
  const pet = usePet(id)
  const gone = pet.error instanceof Problem && [404, 422].includes(pet.error.status)
  const shown = gone ? undefined : pet.data
  return (
    <Page
      title={shown?.pet.name ?? t('pet')}
      actions={
        <>
          <LiveBadge />
          {shown && <ExportPet id={id} />}
        </>
      }
    >
      <div>
        <Anchor component={Link} to="/pets">
          <Group gap={4} component="span">
            <ArrowLeft size={16} aria-hidden /> {t('to_all')}
          </Group>
        </Anchor>
      </div>
      {gone ? (
        <Gone id={id} />
      ) : (
        <Shown of={pet}>
          {({ pet, etag }) => (
            <Stack gap="xl">
              <Members pet={pet} />
              <Acts pet={pet} etag={etag} />
              <Feedings pet={pet} />
            </Stack>
          )}
        </Shown>
      )}
    </Page>
  )
}

function Members({ pet }: { pet: PetView }) {
  const { t } = useTranslation('pets')
  const lines = [
    [t('status'), <StatusBadge key="status" status={pet.status} />],
    [t('species'), t(`species_${pet.species}`)],
    [t('breed'), pet.breed],
    [t('sex'), pet.sex && t(`sex_${pet.sex}`)],
    [t('birth_date'), pet.birth_date && day(`${pet.birth_date}T12:00:00`)],
    [t('weight_kg'), pet.weight_kg && number(pet.weight_kg, 3)],
    [t('owner'), pet.owner],
    [t('notes'), pet.notes],
    [t('updated'), <Moment key="updated" at={pet.updated_at} />],
  ] as const
  return (
    <div role="status" aria-live="polite">
      <Table variant="vertical" layout="fixed" aria-label={t('members')}>
        <Table.Tbody>
          {lines.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th w={160} scope="row">
                {name}
              </Table.Th>
              <Table.Td style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>{value || '–'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}

/** Where there is no pet (any more): who may, brings it back. */
function Gone({ id }: { id: string }) {
  const { t } = useTranslation('pets')
  const words = useFailureWords()
  const may = useMay()
  const client = useQueryClient()
  const keys = useKeys()
  const restore = useMutation({
    mutationFn: () =>
      api.POST('/api/v2/pets/{pet_id}/restore', {
        params: { path: { pet_id: id }, header: { 'Idempotency-Key': keys.of(id) } },
      }),
    onSuccess: () => tell(t('restored')),
    onError: (error) => tellFailure(words(error)),
    onSettled: (_, error) => {
      keys.ended(error)
      return client.invalidateQueries({ queryKey: ['pets'] })
    },
  })
  return (
    <Alert role="alert" title={t('gone')} color="gray">
      <Stack align="flex-start">
        <Text size="sm">{t('gone_text')}</Text>
        {may('pets:delete') && (
          <Button
            leftSection={<RotateCcw size={16} aria-hidden />}
            onClick={() => restore.mutate()}
            loading={restore.isPending}
          >
            {t('restore')}
          </Button>
        )}
      </Stack>
    </Alert>
  )
}
