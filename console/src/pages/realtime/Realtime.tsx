import { Grid } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Page } from '~/look/Page'
import { Channels } from './Channels'
import { Feed } from './Feed'
import { Line } from './Line'
import { useInspection } from './use'
import { WORDS } from './words'

export default function Realtime() {
  const { t } = useTranslation(WORDS)
  const { inspection, seen } = useInspection()
  return (
    <Page title={t('title')} about={t('about')}>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Line inspection={inspection} seen={seen} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Channels inspection={inspection} seen={seen} />
        </Grid.Col>
        <Grid.Col span={12}>
          <Feed inspection={inspection} seen={seen} />
        </Grid.Col>
      </Grid>
    </Page>
  )
}
