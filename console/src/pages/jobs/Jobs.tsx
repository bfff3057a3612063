import { Anchor, Button, NativeSelect, SimpleGrid, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Download, Upload } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { type Asked, useAsked } from '~/look/asked'
import { LiveBadge } from '~/look/Connection'
import { Dialog } from '~/look/Dialog'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Pager } from '~/look/Pager'
import { type Column, Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { useProduct } from '~/session/use'
import { Bar } from './Bar'
import { ExportForm } from './ExportForm'
import { ImportForm } from './ImportForm'
import { KindSelect } from './KindSelect'
import { useKindName } from './kinds'
import { useFollowed, useTasks } from './queries'
import { StateBadge } from './StateBadge'
import { lives, STATES, type State, type Task } from './task'
import { WORDS } from './words'

export default function Jobs() {
  const { t } = useTranslation(WORDS)
  const asked = useAsked()
  const pets = useProduct('pets')
  const [exporting, ofExport] = useDisclosure()
  const [importing, ofImport] = useDisclosure()
  return (
    <Page
      title={t('title')}
      about={t('about')}
      actions={
        <>
          <LiveBadge />
          {pets && (
            <>
              <Button variant="default" leftSection={<Upload size={16} aria-hidden />} onClick={ofImport.open}>
                {t('import')}
              </Button>
              <Button leftSection={<Download size={16} aria-hidden />} onClick={ofExport.open}>
                {t('export')}
              </Button>
            </>
          )}
        </>
      }
    >
      <Filters asked={asked} />
      <List asked={asked} />
      <Dialog title={t('export_title')} opened={exporting} close={ofExport.close}>
        <ExportForm />
      </Dialog>
      <Dialog title={t('import_title')} opened={importing} close={ofImport.close}>
        <ImportForm />
      </Dialog>
    </Page>
  )
}

function Filters({ asked: { get, put } }: { asked: Asked }) {
  const { t } = useTranslation(WORDS)
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} component="search">
      <NativeSelect
        label={t('state')}
        value={get('state')}
        onChange={(event) => put({ state: event.currentTarget.value })}
        data={[
          { value: '', label: t('all', { ns: 'common' }) },
          ...STATES.map((state) => ({ value: state, label: t(`state_${state}`) })),
        ]}
      />
      <KindSelect value={get('type')} put={(type) => put({ type })} />
    </SimpleGrid>
  )
}

function List({ asked }: { asked: Asked }) {
  const { t } = useTranslation(WORDS)
  const name = useKindName()
  const filtered = asked.get('state') !== '' || asked.get('type') !== ''
  const tasks = useTasks({
    state: (asked.get('state') as State) || undefined,
    type: asked.get('type') || undefined,
    page: asked.page,
  })
  const columns: Column<Task>[] = [
    { key: 'type', head: t('kind'), cell: (task) => <Opened task={task} name={name(task.type)} /> },
    { key: 'state', head: t('state'), cell: (task) => <Standing task={task} /> },
    { key: 'progress', head: t('progress'), cell: (task) => <Bar task={task} small /> },
    { key: 'attempts', head: t('attempts'), align: 'right', cell: (task) => task.attempts },
    { key: 'created', head: t('created'), cell: (task) => <Moment at={task.created_at} /> },
    { key: 'finished', head: t('finished'), cell: (task) => <Moment at={task.finished_at} /> },
  ]
  return (
    <Shown of={tasks}>
      {({ data, meta }) => (
        <>
          {data.map((task) => (
            <Followed key={task.id} task={task} />
          ))}
          <Rows
            caption={t('title')}
            columns={columns}
            rows={data}
            id={(task) => task.id}
            empty={filtered ? t('nothing_found', { ns: 'common' }) : t('none')}
          />
          <Pager pagination={meta.pagination} go={(page) => asked.put({ page: String(page) })} />
        </>
      )}
    </Shown>
  )
}

/** How it stands, and why its last run failed. */
function Standing({ task: { state, error } }: { task: Task }) {
  return (
    <>
      <StateBadge state={state} />
      {error && (
        <Text size="xs" c="dimmed">
          {error.title}
        </Text>
      )}
    </>
  )
}

function Opened({ task, name }: { task: Task; name: string }) {
  return (
    <Anchor component={Link} to={`/jobs/${task.id}`} size="sm" fw={500} title={task.id}>
      {name}
    </Anchor>
  )
}

/** Listens to a task of the list for as long as something is to become of it. */
function Followed({ task }: { task: Task }) {
  useFollowed(lives(task.state) ? task.id : null)
  return null
}
