import { NativeSelect, type NativeSelectProps } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { useMay } from '~/session/use'

/** The plans by name, the first hundred; none for who may not see them. */
export function usePlanNames(): string[] {
  const may = useMay()('limits:read')
  const { data } = useQuery({
    queryKey: ['plans', 'names'],
    queryFn: async () => (await answer(api.GET('/api/v2/plans', { params: { query: { per_page: 100 } } }))).data,
    enabled: may,
  })
  return data?.map(({ name }) => name) ?? []
}

/** Which plan somebody is on; the one they are on can always be kept. */
export function PlanSelect({ value = '', ...more }: NativeSelectProps & { value?: string }) {
  const { t } = useTranslation('tenants')
  const names = usePlanNames()
  const all = value && !names.includes(value) ? [value, ...names] : names
  return <NativeSelect label={t('plan')} value={value} data={[{ value: '', label: t('no_plan') }, ...all]} {...more} />
}
