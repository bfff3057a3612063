import { Anchor, Stack, Text, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Period } from '~/look/Period'
import { Rows } from '~/look/Rows'
import { figureColumns } from './figures'
import type { Traffic } from './queries'

const MOST = 10

/** Whose requests they were, where all tenants are shown. */
export function TenantsTable({ traffic: { tenants, tenants_in_all }, period }: { traffic: Traffic; period: Period }) {
  const { t } = useTranslation('overview')
  if (!tenants) return null
  return (
    <Stack gap="xs" component="section" aria-labelledby="tenants">
      <Title order={2} size="h4" id="tenants">
        {t('tenants')}
      </Title>
      <Rows
        caption={t('tenants')}
        rows={tenants.slice(0, MOST)}
        id={({ tenant }) => tenant}
        empty={t('nothing_asked')}
        columns={[
          {
            key: 'tenant',
            head: t('tenant'),
            cell: ({ tenant, slug }) => (
              <Anchor component={Link} to={`?period=${period}&tenant=${tenant}`} inherit>
                {slug ?? tenant}
              </Anchor>
            ),
          },
          ...figureColumns(t),
        ]}
      />
      {(tenants_in_all ?? 0) > MOST && (
        <Text size="sm" c="dimmed">
          {t('of_all_tenants', { count: MOST, all: tenants_in_all })}
        </Text>
      )}
    </Stack>
  )
}
