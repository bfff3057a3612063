import { Button, Menu } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { answer, api } from '~/api/client'
import { useKeys } from '~/api/repeated'
import { useFailureWords } from '~/look/Failure'
import { tellFailure } from '~/look/tell'
import type { Asked } from './queries'

const FORMATS = ['csv', 'csv.gz', 'ndjson'] as const
type Format = (typeof FORMATS)[number]

/** The pets that the filters leave, as a file; leads to where it is being made. */
export function ExportPets({ filters: { name, species, status } }: { filters: Asked }) {
  return (
    <Exporting
      of={{ name, species, status }}
      order={async (format, header) => {
        const body = { format, name, species, status }
        return (await answer(api.POST('/api/v2/pets/export', { body, params: { header } }))).data.id
      }}
    />
  )
}

/** A pet with its feedings. */
export function ExportPet({ id }: { id: string }) {
  return (
    <Exporting
      of={{ id }}
      order={async (format, header) => {
        const params = { path: { pet_id: id }, header }
        return (await answer(api.POST('/api/v2/pets/{pet_id}/export', { body: { format }, params }))).data.id
      }}
    />
  )
}

interface Props {
  /** What goes into the file; the same ordered again after a lost answer is made once. */
  of: object
  order: (format: Format, header: { 'Idempotency-Key': string }) => Promise<string>
}

function Exporting({ of, order }: Props) {
  const { t } = useTranslation('pets')
  const words = useFailureWords()
  const go = useNavigate()
  const keys = useKeys()
  const ordering = useMutation({
    mutationFn: (format: Format) => order(format, { 'Idempotency-Key': keys.of({ ...of, format }) }),
    onSuccess: (task) => go(`/jobs/${task}`),
    onError: (error) => tellFailure(words(error)),
    onSettled: (_, error) => keys.ended(error),
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
