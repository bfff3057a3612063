import { SimpleGrid, Stack } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Page } from '~/look/Page'
import { Permitted } from '~/look/Permitted'
import { Empty, Shown } from '~/look/Shown'
import { addWords } from '~/words/words'
import en from './en.json'
import { Party } from './Party'
import { Payments } from './Payments'
import ptBR from './pt-BR.json'
import { useStandIns } from './queries'

addWords('stand_ins', en, ptBR)

export default function StandIns() {
  const { t } = useTranslation('stand_ins')
  return (
    <Page title={t('title')} about={t('about')}>
      <Permitted permission="development:use">
        <Parties />
      </Permitted>
    </Page>
  )
}

function Parties() {
  const { t } = useTranslation('stand_ins')
  return (
    <Shown of={useStandIns()}>
      {(found) => (
        <Stack gap="xl">
          {found.length === 0 && <Empty>{t('nobody')}</Empty>}
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            {found.map((one) => (
              <Party key={one.name} party={one} />
            ))}
          </SimpleGrid>
          {found.some((one) => one.name === 'mercadopago') && <Payments />}
        </Stack>
      )}
    </Shown>
  )
}
