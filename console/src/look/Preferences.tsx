import { ActionIcon, Menu, useMantineColorScheme } from '@mantine/core'
import { Check, Languages, Moon, Sun, SunMoon } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { LANGUAGES, type Language, speak } from '~/words/words'

const SCHEMES = { light: Sun, dark: Moon, auto: SunMoon } as const

/** Language and appearance, each as a menu of its own. */
export function Preferences() {
  return (
    <>
      <LanguageMenu />
      <AppearanceMenu />
    </>
  )
}

function LanguageMenu() {
  const { t, i18n } = useTranslation()
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('language')}>
          <Languages size={20} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <Menu.Item
            key={code}
            lang={code}
            onClick={() => void speak(code as Language)}
            rightSection={i18n.language === code && <Check size={14} aria-hidden />}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function AppearanceMenu() {
  const { t } = useTranslation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const Present = SCHEMES[colorScheme]
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('look.label')}>
          <Present size={20} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {Object.entries(SCHEMES).map(([scheme, Icon]) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon size={16} aria-hidden />}
            onClick={() => setColorScheme(scheme as keyof typeof SCHEMES)}
            rightSection={scheme === colorScheme && <Check size={14} aria-hidden />}
          >
            {t(`look.${scheme}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
