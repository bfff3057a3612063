import { Anchor, Button, Group, NativeSelect, SimpleGrid, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Plus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api } from '~/api/client'
import { type Asked as Address, useAsked } from '~/look/asked'
import { LiveBadge } from '~/look/Connection'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Pager } from '~/look/Pager'
import { Rows } from '~/look/Rows'
import { Search } from '~/look/Search'
import { Shown } from '~/look/Shown'
import { tell } from '~/look/tell'
import { addWords } from '~/words/words'
import { ExportPets } from './Export'
import en from './en.json'
import type { Listed } from './following'
import { PetForm } from './PetForm'
import ptBR from './pt-BR.json'
import { type Asked, type NewPet, SPECIES, STATUSES, usePets } from './queries'
import { StatusBadge } from './StatusBadge'

addWords('pets', en, ptBR)

const ORDERS = ['created_at-desc', 'created_at-asc', 'updated_at-desc', 'name-asc', 'name-desc'] as const
const FIRST = ORDERS[0]

export default function Pets() {
  const { t } = useTranslation('pets')
  const address = useAsked()
  const asked = askedBy(address)
  const pets = usePets(asked)
  const actions = (
    <>
      <LiveBadge />
      <ExportPets filters={asked} />
      <Register />
    </>
  )
  return (
    <Page title={t('title')} about={t('about')} actions={actions}>
      <Filters address={address} />
      <Shown of={pets}>
        {({ data, meta }) => (
          <Stack gap="xs">
            <Table rows={data} filtered={Boolean(asked.name || asked.species || asked.status)} />
            <Pager pagination={meta.pagination} go={(page) => address.put({ page: String(page) })} />
          </Stack>
        )}
      </Shown>
    </Page>
  )
}

/** What the page's address asks for. */
function askedBy({ get, page }: Address): Asked {
  const [sort_by, sort_order] = (ORDERS.find((one) => one === get('order')) ?? FIRST).split('-')
  return {
    name: get('name') || undefined,
    species: SPECIES.find((one) => one === get('species')),
    status: STATUSES.find((one) => one === get('status')),
    sort_by: sort_by as Asked['sort_by'],
    sort_order: sort_order as Asked['sort_order'],
    page,
  }
}

function Filters({ address: { get, put } }: { address: Address }) {
  const { t } = useTranslation(['pets', 'common'])
  const named = (kind: string, all: readonly string[]) => all.map((value) => ({ value, label: t(`${kind}_${value}`) }))
  const all = { value: '', label: t('all', { ns: 'common' }) }
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} component="search" aria-label={t('filters')}>
      <Search label={t('name_contains')} value={get('name')} put={(name) => put({ name })} />
      <NativeSelect
        label={t('species')}
        data={[all, ...named('species', SPECIES)]}
        value={get('species')}
        onChange={(event) => put({ species: event.currentTarget.value })}
      />
      <NativeSelect
        label={t('status')}
        data={[all, ...named('status', STATUSES)]}
        value={get('status')}
        onChange={(event) => put({ status: event.currentTarget.value })}
      />
      <NativeSelect
        label={t('order')}
        data={named('order', ORDERS)}
        value={get('order') || FIRST}
        onChange={(event) => put({ order: event.currentTarget.value })}
      />
    </SimpleGrid>
  )
}

function Table({ rows, filtered }: { rows: Listed[]; filtered: boolean }) {
  const { t } = useTranslation(['pets', 'common'])
  return (
    <Rows
      caption={t('title')}
      rows={rows}
      id={(pet) => pet.id ?? ''}
      empty={filtered ? t('nothing_found', { ns: 'common' }) : t('none_yet')}
      columns={[
        {
          key: 'name',
          head: t('name'),
          cell: (pet) => (
            <Anchor component={Link} to={`/pets/${pet.id}`} fw={600}>
              {pet.name}
            </Anchor>
          ),
        },
        { key: 'species', head: t('species'), cell: (pet) => t(`species_${pet.species}`) },
        { key: 'status', head: t('status'), cell: (pet) => <StatusBadge status={pet.status} /> },
        { key: 'owner', head: t('owner'), cell: (pet) => pet.owner },
        { key: 'updated', head: t('updated'), cell: (pet) => <Moment at={pet.updated_at} /> },
      ]}
    />
  )
}

function Register() {
  const { t } = useTranslation('pets')
  const [opened, { open, close }] = useDisclosure()
  const save = (body: NewPet, key: string) =>
    api.POST('/api/v2/pets', { body, params: { header: { 'Idempotency-Key': key } } })
  const done = () => tell(t('registered'))
  return (
    <Group>
      <Button leftSection={<Plus size={16} aria-hidden />} onClick={open}>
        {t('register')}
      </Button>
      <PetForm opened={opened} close={close} title={t('register')} act={t('register')} save={save} done={done} />
    </Group>
  )
}
