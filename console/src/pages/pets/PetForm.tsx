import { Button, Group, Modal, NumberInput, Select, SimpleGrid, Stack, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useKeys } from '~/api/repeated'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import type { Pet } from './following'
import { type NewPet, SEXES, SPECIES } from './queries'

interface Values {
  name: string
  species: string
  breed: string
  sex: string | null
  birth_date: string
  weight_kg: number | string
  owner: string
  notes: string
}

interface Props {
  opened: boolean
  close: () => void
  title: string
  act: string
  /** What stands in the fields at first. */
  pet?: Pet
  /** Stores it; what makes one does so under this Idempotency-Key. */
  save: (pet: NewPet, key: string) => Promise<unknown>
  done: () => void
  /** Called where what is stored is another by now. */
  again?: () => void
}

const FIELDS = Object.keys(valuesOf())

/** The members of a pet, to be registered or changed. */
export function PetForm({ opened, close, title, ...rest }: Props) {
  const { t } = useTranslation('common')
  return (
    <Modal opened={opened} onClose={close} title={title} size="lg" closeButtonProps={{ 'aria-label': t('close') }}>
      <Fields close={close} {...rest} />
    </Modal>
  )
}

function Fields({ pet, act, save, done, close, again }: Omit<Props, 'opened' | 'title'>) {
  const { t } = useTranslation(['pets', 'common'])
  const client = useQueryClient()
  const keys = useKeys()
  const form = useForm<Values>({ initialValues: valuesOf(pet) })
  const saving = useMutation({
    mutationFn: (values: Values) => {
      const body = petOf(values)
      return save(body, keys.of(body))
    },
    onSuccess: async () => {
      close()
      done()
      await client.invalidateQueries({ queryKey: ['pets'] })
    },
    onError: (error) => toFields(form, FIELDS, error),
    onSettled: (_, error) => keys.ended(error),
  })
  const sexes = SEXES.map((value) => ({ value, label: t(`sex_${value}`) }))
  const species = SPECIES.map((value) => ({ value, label: t(`species_${value}`) }))
  return (
    <form onSubmit={form.onSubmit((values) => saving.mutate(values))} noValidate>
      <Stack>
        {beyondFields(FIELDS, saving.error) && <Failure error={saving.error} again={again} />}
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t('name')} required maxLength={100} data-autofocus {...form.getInputProps('name')} />
          <Select
            label={t('species')}
            required
            allowDeselect={false}
            data={species}
            {...form.getInputProps('species')}
          />
          <TextInput label={t('breed')} maxLength={100} {...form.getInputProps('breed')} />
          <Select label={t('sex')} clearable data={sexes} {...form.getInputProps('sex')} />
          <TextInput label={t('birth_date')} type="date" {...form.getInputProps('birth_date')} />
          <NumberInput
            label={t('weight_kg')}
            min={0}
            max={9999}
            decimalScale={3}
            {...form.getInputProps('weight_kg')}
          />
        </SimpleGrid>
        <TextInput label={t('owner')} description={t('owner_text')} maxLength={100} {...form.getInputProps('owner')} />
        <Textarea label={t('notes')} maxLength={2000} autosize minRows={2} {...form.getInputProps('notes')} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('cancel', { ns: 'common' })}
          </Button>
          <Button type="submit" loading={saving.isPending}>
            {act}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function valuesOf(pet?: Pet): Values {
  return {
    name: pet?.name ?? '',
    species: pet?.species ?? 'dog',
    breed: pet?.breed ?? '',
    sex: pet?.sex ?? null,
    birth_date: pet?.birth_date ?? '',
    weight_kg: pet?.weight_kg ?? '',
    owner: pet?.owner ?? '',
    notes: pet?.notes ?? '',
  }
}

function petOf(values: Values): NewPet {
  return {
    name: values.name,
    species: values.species as NewPet['species'],
    breed: values.breed || null,
    sex: (values.sex as NewPet['sex']) || null,
    birth_date: values.birth_date || null,
    weight_kg: values.weight_kg === '' ? null : Number(values.weight_kg),
    owner: values.owner || null,
    notes: values.notes || null,
  }
}
