import { useTranslation } from 'react-i18next'
import { Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { number } from '~/words/formats'
import { useRequests } from './queries'

/** How often each path of the party was called. */
export function Calls({ name, title, shown }: { name: string; title: string; shown: boolean }) {
  const { t } = useTranslation('stand_ins')
  const requests = useRequests(name, shown)
  return (
    <Shown of={requests}>
      {(rows) => (
        <Rows
          caption={t('calls_of', { title })}
          rows={rows}
          id={(row) => row.path}
          empty={t('no_calls')}
          columns={[
            { key: 'path', head: t('path_called'), cell: (row) => row.path },
            { key: 'calls', head: t('times'), cell: (row) => number(row.calls), align: 'right' },
          ]}
        />
      )}
    </Shown>
  )
}
