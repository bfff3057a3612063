import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'

const ALL = 'all'

/** Whose figures operators see: everybody's, or those of a tenant that is found by its name. */
export function TenantPicker({ value, put }: { value: string; put: (tenant: string) => void }) {
  const { t } = useTranslation('overview')
  const [text, setText] = useState('')
  const [search] = useDebouncedValue(text.trim(), 300)
  const known = text === t('all_tenants') ? '' : search
  const found = useQuery({
    queryKey: ['tenants', 'named', known],
    queryFn: async () =>
      (await answer(api.GET('/api/v2/tenants', { params: { query: { search: known || undefined, per_page: 50 } } })))
        .data,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
  const one = useQuery({
    queryKey: ['tenants', 'name', value],
    queryFn: async () =>
      (await answer(api.GET('/api/v2/tenants/{tenant_id}', { params: { path: { tenant_id: value } } }))).data,
    enabled: value !== ALL,
    staleTime: 60_000,
  })
  const options = new Map<string, string>([[ALL, t('all_tenants')]])
  if (one.data) options.set(one.data.id, one.data.name)
  for (const { id, name } of found.data ?? []) options.set(id, name)
  return (
    <Select
      aria-label={t('whose')}
      searchable
      allowDeselect={false}
      value={value}
      onChange={(tenant) => tenant && put(tenant)}
      searchValue={text}
      onSearchChange={setText}
      // The API has searched by name and slug already.
      filter={({ options }) => options}
      nothingFoundMessage={t('no_tenant')}
      data={[...options].map(([id, label]) => ({ value: id, label }))}
    />
  )
}
