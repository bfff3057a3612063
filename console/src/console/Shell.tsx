import '@mantine/notifications/styles.css'
import { AppShell, Burger, Button, Container, Group, NavLink, Skeleton, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { ModalsProvider } from '@mantine/modals'
import { Notifications } from '@mantine/notifications'
import { Suspense, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Outlet, useLocation } from 'react-router'
import { ConnectionBanner } from '~/look/Connection'
import { Preferences } from '~/look/Preferences'
import { prefix } from '~/place'
import { session } from '~/session/session'
import { useMe, usePermissions } from '~/session/use'
import { entriesOf } from './menu'
import { type Group as MenuGroup, PAGES } from './pages'

const GROUPS: MenuGroup[] = ['house', 'work', 'access', 'outside', 'products', 'development']

/** What stands around every page of who is signed in. */
export default function Shell() {
  return (
    <ModalsProvider>
      <Notifications position="bottom-right" />
      <Frame />
    </ModalsProvider>
  )
}

function Frame() {
  const { t } = useTranslation()
  const [opened, { toggle, close }] = useDisclosure()
  const { pathname } = useLocation()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when the page changes, and only then
  useEffect(close, [pathname])
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 250, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      <a className="skip" href="#content">
        {t('skip')}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group wrap="nowrap" gap="sm">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={t(opened ? 'close_menu' : 'open_menu')}
              aria-expanded={opened}
            />
            <Text component={Link} to="/" fw={700} c="inherit" td="none">
              <Group gap={8} wrap="nowrap">
                <img src={`${prefix}/docs/assets/icon.svg`} alt="" width={24} height={24} />
                {t('app')}
              </Group>
            </Text>
          </Group>
          <Group gap={4} wrap="nowrap">
            <Preferences />
            <Caller />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t('menu')} style={{ overflowY: 'auto' }}>
        {GROUPS.map((group) => (
          <Section key={group} group={group} />
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Container size="xl" px={0}>
          <ConnectionBanner />
          <Suspense fallback={<Skeleton height={400} />}>
            <Outlet />
          </Suspense>
        </Container>
      </AppShell.Main>
    </AppShell>
  )
}

function Caller() {
  const { t } = useTranslation()
  const { data } = useMe()
  return (
    <>
      <Button component={Link} to="/account" variant="subtle" color="gray" visibleFrom="sm" maw={420}>
        <Text truncate size="sm">
          {data ? `${data.email ?? data.name} · ${data.tenant.slug}` : t('pages.account')}
        </Text>
      </Button>
      <Button variant="default" size="xs" onClick={() => void session.leave()}>
        {t('sign_out')}
      </Button>
    </>
  )
}

function Section({ group }: { group: MenuGroup }) {
  const { t } = useTranslation()
  const { pathname } = useLocation()
  const { data: permissions = [] } = usePermissions()
  const entries = entriesOf(PAGES, group, permissions)
  if (entries.length === 0) return null
  return (
    <section aria-label={t(`nav.${group}`)}>
      <Text size="xs" c="dimmed" tt="uppercase" fw={600} px="sm" pt="sm" pb={4}>
        {t(`nav.${group}`)}
      </Text>
      {entries.map(({ path, menu }) => {
        const Icon = menu?.icon
        const active = path === '' ? pathname === '/' : pathname === `/${path}` || pathname.startsWith(`/${path}/`)
        return (
          <NavLink
            key={path}
            component={Link}
            to={`/${path}`}
            label={t(`pages.${menu?.name}`)}
            leftSection={Icon && <Icon size={18} aria-hidden />}
            active={active}
            aria-current={active ? 'page' : undefined}
          />
        )
      })}
    </section>
  )
}
