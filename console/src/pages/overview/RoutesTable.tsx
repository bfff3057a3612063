import { Button, Code, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Rows } from '~/look/Rows'
import { figureColumns } from './figures'
import { ORDERS, type Order, ordered } from './order'
import type { Traffic } from './queries'

/** Rows until all are asked for. */
const FEW = 10

/** The operations that were asked most, answered slowest, or failed most. */
export function RoutesTable({ traffic: { routes, routes_in_all } }: { traffic: Traffic }) {
  const { t } = useTranslation('overview')
  const [order, setOrder] = useState<Order>('most_used')
  const [all, setAll] = useState(false)
  const columns = figureColumns(t)
  const told = ordered(routes, order)
  return (
    <Stack gap="xs" component="section" aria-labelledby="routes">
      <Group justify="space-between">
        <Title order={2} size="h4" id="routes">
          {t('routes')}
        </Title>
        <SegmentedControl
          size="xs"
          aria-label={t('order')}
          value={order}
          onChange={(value) => setOrder(value as Order)}
          data={ORDERS.map((value) => ({ value, label: t(`orders.${value}`) }))}
        />
      </Group>
      <Rows
        caption={t('routes')}
        rows={all ? told : told.slice(0, FEW)}
        id={({ method, route }) => `${method} ${route}`}
        empty={t(order === 'failing' ? 'none_failed' : 'nothing_asked')}
        columns={[
          {
            key: 'route',
            head: t('route'),
            cell: ({ method, route }) => (
              <>
                <Text span size="sm" c="dimmed">
                  {method}
                </Text>{' '}
                <Code>{route === '(none)' ? t('no_operation') : route}</Code>
              </>
            ),
          },
          ...columns,
        ]}
      />
      {told.length > FEW && (
        <Button variant="subtle" size="compact-sm" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t('show_fewer') : t('show_all', { count: told.length })}
        </Button>
      )}
      {routes_in_all > routes.length && (
        <Text size="sm" c="dimmed">
          {t('of_the_most_used', { count: routes.length, all: routes_in_all })}
        </Text>
      )}
    </Stack>
  )
}
