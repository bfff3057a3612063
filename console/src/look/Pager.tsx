import { Group, Pagination, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'

interface Numbered {
  total?: number | null
  page?: number | null
  pages?: number | null
}

/** Steps through numbered pages; nothing where there is one page. */
export function Pager({ pagination, go }: { pagination?: Numbered | null; go: (page: number) => void }) {
  const { t } = useTranslation()
  const { total, page, pages } = { total: 0, page: 1, pages: 1, ...pagination }
  return (
    <Group justify="space-between">
      <Text size="sm" c="dimmed" role="status">
        {t('rows_in_all', { count: total ?? 0 })}
      </Text>
      {(pages ?? 1) > 1 && (
        <Pagination
          total={pages ?? 1}
          value={page ?? 1}
          onChange={go}
          size="sm"
          getItemProps={(item) => ({ 'aria-label': t('page_of', { page: item, pages }) })}
          getControlProps={(control) => ({ 'aria-label': control })}
        />
      )}
    </Group>
  )
}
