import { Alert, Group, Stack } from '@mantine/core'
import { TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useAsked } from '~/look/asked'
import { Page } from '~/look/Page'
import { PeriodPicker, periodOf } from '~/look/Period'
import { Shown } from '~/look/Shown'
import { useMay, usePermissions } from '~/session/use'
import { moment } from '~/words/formats'
import { addWords } from '~/words/words'
import { Charts } from './Charts'
import en from './en.json'
import { FirstSteps } from './FirstSteps'
import { HealthParts } from './HealthParts'
import { Processes } from './Processes'
import ptBR from './pt-BR.json'
import { useHasKeys, useTraffic } from './queries'
import { RoutesTable } from './RoutesTable'
import { TenantPicker } from './TenantPicker'
import { TenantsTable } from './TenantsTable'
import { Totals } from './Totals'

addWords('overview', en, ptBR)

const ALL = 'all'

/** The first page: how much is asked, how fast and how well it is answered, and what waits. */
export default function Overview() {
  const { t } = useTranslation('overview')
  const permissions = usePermissions()
  const may = useMay()
  if (!permissions.data)
    return (
      <Page title={t('title')}>
        <Shown of={permissions}>{() => null}</Shown>
      </Page>
    )
  if (may('usage:read')) return <Figures />
  return (
    <Page title={t('title')} about={t('about_plain')}>
      <FirstSteps />
    </Page>
  )
}

function Figures() {
  const { t } = useTranslation('overview')
  const asked = useAsked()
  const may = useMay()
  const operator = may('metrics:read') && may('tenants:read')
  const period = periodOf(asked.get('period'))
  const tenant = operator ? asked.get('tenant') || ALL : undefined
  const traffic = useTraffic(period, tenant, true)
  const hasKeys = useHasKeys(may('keys:read'))
  return (
    <Page
      title={t('title')}
      about={t('about')}
      actions={
        <Group gap="xs">
          {operator && <TenantPicker value={tenant ?? ALL} put={(chosen) => asked.put({ tenant: chosen })} />}
          <PeriodPicker value={period} put={(chosen) => asked.put({ period: chosen })} />
        </Group>
      }
    >
      {hasKeys.data === false && <FirstSteps />}
      <Shown of={traffic}>
        {({ data, warnings }) => (
          <Stack gap="lg" aria-busy={traffic.isPlaceholderData}>
            {warnings.map((words) => (
              <Alert key={words} color="yellow" icon={<TriangleAlert aria-hidden />}>
                {words}
              </Alert>
            ))}
            <Totals traffic={data} />
            <Charts traffic={data} />
            <RoutesTable traffic={data} />
            <TenantsTable traffic={data} period={period} />
            <Processes traffic={data} />
            <p style={{ margin: 0 }} data-testid="as-of">
              <small>{t('as_of', { at: moment(data.to) })}</small>
            </p>
          </Stack>
        )}
      </Shown>
      <HealthParts />
    </Page>
  )
}
