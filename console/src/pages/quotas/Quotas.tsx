import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { Page } from '~/look/Page'
import { Permitted } from '~/look/Permitted'
import { Shown } from '~/look/Shown'
import { QuotaRows } from './QuotaRows'
import { WORDS } from './words'

/** What one's own organisation may have and use, and what it has and uses. */
export default function Quotas() {
  const { t } = useTranslation(WORDS)
  const quotas = useQuery({
    queryKey: ['quotas', 'own'],
    queryFn: async () => (await answer(api.GET('/api/v2/quotas'))).data,
    refetchInterval: 10_000,
  })
  return (
    <Page title={t('title')} about={t('about')}>
      <Permitted permission="quotas:read">
        <Shown of={quotas}>{(data) => <QuotaRows caption={t('title')} quotas={data} />}</Shown>
      </Permitted>
    </Page>
  )
}
