import { Button, Menu } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { answer, api, newIdempotencyKey } from '~/api/client'
import { useFailureWords } from '~/look/Failure'
import { tellFailure } from '~/look/tell'
import type { Asked } from './queries'

const FORMATS = ['csv', 'csv.gz', 'ndjson'] as const
type Format = (typeof FORMATS)[number]

const key = () => ({ header: { 'Idempotency-Key': newIdempotencyKey() } })

/** The pets that the filters leave, as a file; leads to where it is being made. */
export function ExportPets({ filters: { name, species, status } }: { filters: Asked }) {
  return (
    <Exporting
      order={async (format) =>
        (await answer(api.POST('/api/v2/pets/export', { body: { format, name, species, status }, params: key() }))).data
          .id
      }
    />
  )
}

/** A pet with its feedings. */
export function ExportPet({ id }: { id: string }) {
  return (
    <Exporting
      order={async (format) => {
        const params = { path: { pet_id: id }, ...key() }
        return (await answer(api.POST('/api/v2/pets/{pet_id}/export', { body: { format }, params }))).data.id
      }}
    />
  )
}

function Exporting({ order }: { order: (format: Format) => Promise<string> }) {
  const { t } = useTranslation('pets')
  const words = useFailureWords()
  const go = useNavigate()
  const ordering = useMutation({
    mutationFn: order,
    onSuccess: (task) => go(`/jobs/${task}`),
    onError: (error) => tellFailure(words(error)),
  })
  return (
    <Menu withInitialFocusPlaceholder={false} withinPortal={false}>
      <Menu.Target>
        <Button variant="default" leftSection={<Download size={16} aria-hidden />} loading={ordering.isPending}>
          {t('export')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map((format) => (
          <Menu.Item key={format} onClick={() => ordering.mutate(format)}>
            {t(`format_${format.replace('.', '_')}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
