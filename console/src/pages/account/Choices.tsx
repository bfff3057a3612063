import { Group, type MantineColorScheme, NativeSelect, useMantineColorScheme } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { LANGUAGES, type Language, speak } from '~/words/words'

const SCHEMES: MantineColorScheme[] = ['light', 'dark', 'auto']

/**
 * Language and appearance, as the browser's own lists: the menus of the console weigh too much for the page that
 * somebody sees first.
 */
export function Choices() {
  const { t, i18n } = useTranslation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Group gap="xs" wrap="nowrap">
      <NativeSelect
        size="xs"
        aria-label={t('language')}
        value={i18n.language}
        onChange={(event) => void speak(event.currentTarget.value as Language)}
        data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
      />
      <NativeSelect
        size="xs"
        aria-label={t('look.label')}
        value={colorScheme}
        onChange={(event) => setColorScheme(event.currentTarget.value as MantineColorScheme)}
        data={SCHEMES.map((value) => ({ value, label: t(`look.${value}`) }))}
      />
    </Group>
  )
}
