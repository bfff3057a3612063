import {
  ActionIcon,
  Anchor,
  Container,
  Group,
  NativeSelect,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { Moon, Sun } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { goTo, shopPath } from './place'
import { SPOKEN, type Speech, speakFromNowOn } from './speech'

export function Header() {
  const { t, i18n } = useTranslation()
  return (
    <Container component="header" size="sm" py="sm" w="100%">
      <Group justify="space-between" wrap="nowrap">
        <Anchor
          href={shopPath}
          fw={700}
          fz="lg"
          c="inherit"
          onClick={(event) => {
            event.preventDefault()
            goTo(shopPath)
          }}
        >
          {t('app')}
        </Anchor>
        <Group gap="xs" wrap="nowrap">
          <NativeSelect
            aria-label={t('language')}
            size="sm"
            value={i18n.language}
            onChange={(event) => void speakFromNowOn(event.currentTarget.value as Speech)}
            data={Object.entries(SPOKEN).map(([value, label]) => ({ value, label }))}
          />
          <Appearance />
        </Group>
      </Group>
    </Container>
  )
}

function Appearance() {
  const { t } = useTranslation()
  const { setColorScheme } = useMantineColorScheme()
  const dark = useComputedColorScheme('light') === 'dark'
  return (
    <ActionIcon
      variant="default"
      size="input-sm"
      aria-label={t(dark ? 'look.to_light' : 'look.to_dark')}
      onClick={() => setColorScheme(dark ? 'light' : 'dark')}
    >
      {dark ? <Sun size={18} aria-hidden /> : <Moon size={18} aria-hidden />}
    </ActionIcon>
  )
}
