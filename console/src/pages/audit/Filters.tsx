import { Autocomplete, Button, Group, NativeSelect, SimpleGrid, Stack, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Asked } from '~/look/asked'
import { Search } from '~/look/Search'
import { TEXTS, TIMES } from './filters'

const EVERY = [...TEXTS, ...TIMES, 'outcome']
const SUGGESTED = [
  'user.*',
  'role.*',
  'invitation.*',
  'organization.*',
  'tenant.*',
  'key.*',
  'client.*',
  'session.*',
  'limit.*',
  'plan.*',
  'plan_quota.*',
  'tenant_quota.*',
  'webhook.*',
  'job.*',
]

export function Filters({ asked: { get, put } }: { asked: Asked }) {
  const { t } = useTranslation(['audit', 'common'])
  const set = EVERY.some((name) => get(name))
  return (
    <Stack component="search">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
        <Autocomplete
          key={get('action')}
          label={t('action')}
          description={t('star')}
          placeholder="user.*"
          defaultValue={get('action')}
          data={SUGGESTED}
          maxLength={100}
          onOptionSubmit={(action) => put({ action })}
          onBlur={(event) => event.currentTarget.value !== get('action') && put({ action: event.currentTarget.value })}
          onKeyDown={(event) => event.key === 'Enter' && put({ action: event.currentTarget.value })}
        />
        <Search
          label={t('actor')}
          description={t('star')}
          placeholder="user:0192…"
          value={get('actor')}
          put={(actor) => put({ actor })}
        />
        <Search
          label={t('subject')}
          description={t('star')}
          placeholder="key:*"
          value={get('subject')}
          put={(subject) => put({ subject })}
        />
        {TIMES.map((name) => (
          <TextInput
            key={name}
            type="datetime-local"
            label={t(name)}
            value={get(name)}
            onChange={(event) => put({ [name]: event.currentTarget.value })}
          />
        ))}
        <NativeSelect
          label={t('outcome')}
          value={get('outcome')}
          onChange={(event) => put({ outcome: event.currentTarget.value })}
          data={[
            { value: '', label: t('all', { ns: 'common' }) },
            { value: 'done', label: t('outcomes.done') },
            { value: 'refused', label: t('outcomes.refused') },
          ]}
        />
      </SimpleGrid>
      {set && (
        <Group>
          <Button
            variant="default"
            size="xs"
            onClick={() => put(Object.fromEntries(EVERY.map((name) => [name, null])))}
          >
            {t('clear_all')}
          </Button>
        </Group>
      )}
    </Stack>
  )
}
