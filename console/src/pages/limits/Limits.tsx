import { Tabs } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useAsked } from '~/look/asked'
import { Page } from '~/look/Page'
import { useMay } from '~/session/use'
import { addWords } from '~/words/words'
import en from './en.json'
import { Near } from './Near'
import { Plans } from './Plans'
import { Policies } from './Policies'
import ptBR from './pt-BR.json'

addWords('limits', en, ptBR)

/** Who is near the end of a limit; for operators the limits in force and the plans as well. */
export default function Limits() {
  const { t } = useTranslation('limits')
  const operator = useMay()('limits:read')
  const { get, put } = useAsked()
  const tab = ['policies', 'plans'].find((one) => one === get('tab')) ?? 'near'
  if (!operator) {
    return (
      <Page title={t('title')} about={t('about')}>
        <Near />
      </Page>
    )
  }
  return (
    <Page title={t('title')} about={t('about')}>
      <Tabs value={tab} onChange={(value) => put({ tab: value === 'near' ? null : value })} keepMounted={false}>
        <Tabs.List mb="md">
          {['near', 'policies', 'plans'].map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`tabs.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="near">
          <Near />
        </Tabs.Panel>
        <Tabs.Panel value="policies">
          <Policies />
        </Tabs.Panel>
        <Tabs.Panel value="plans">
          <Plans />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}
