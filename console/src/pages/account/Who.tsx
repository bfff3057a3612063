import { Badge, Button, Group, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { answer, api } from '~/api/client'
import { Failure } from '~/look/Failure'
import { tell } from '~/look/tell'
import { useTranslated } from './refusals'
import { Section } from './Section'
import { useWays } from './ways'
import { WORDS } from './words'

interface Me {
  name: string
  email: string | null
  email_verified: boolean | null
  tenant: { name: string; slug: string }
  roles: string[]
  plan: string | null
  proof: string
}

/** Who the caller is here. */
export function Who({ me }: { me: Me }) {
  const { t, i18n } = useTranslation(WORDS)
  const known = i18n.exists(`proof.${me.proof}`, { ns: 'account' })
  return (
    <Section title={t('who')}>
      <Stack component="dl" gap="xs" m={0}>
        <Fact name={t('name')}>{me.name}</Fact>
        <Fact name={t('email')}>
          <Address email={me.email} confirmed={me.email_verified} />
        </Fact>
        <Fact name={t('organization')}>
          {me.tenant.name} <Text component="span" c="dimmed" inherit>{`(${me.tenant.slug})`}</Text>
        </Fact>
        <Fact name={t('roles')}>{me.roles.join(', ') || '–'}</Fact>
        {me.plan && <Fact name={t('plan')}>{me.plan}</Fact>}
        <Fact name={t('came_by')}>{t(`proof.${known ? me.proof : 'other'}`, { proof: me.proof })}</Fact>
      </Stack>
      <Group>
        <Button component={Link} to="/organizations" variant="default">
          {t('change_organization')}
        </Button>
      </Group>
    </Section>
  )
}

/** What stands in place of forms about what another issuer keeps. */
export function Elsewhere() {
  const { t } = useTranslation(WORDS)
  return <Text c="dimmed">{t('elsewhere')}</Text>
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text component="dt" size="sm" c="dimmed">
        {name}
      </Text>
      <Text component="dd" m={0} style={{ overflowWrap: 'anywhere' }}>
        {children}
      </Text>
    </div>
  )
}

function Address({ email, confirmed }: { email: string | null; confirmed: boolean | null }) {
  const { t } = useTranslation(WORDS)
  const translated = useTranslated()
  const { data: ways } = useWays()
  const asking = useMutation({
    mutationFn: () => answer(api.POST('/api/v2/auth/email/verification')),
    onSuccess: () => tell(t('confirm_sent')),
  })
  if (email === null) return '–'
  return (
    <>
      {email}{' '}
      {confirmed !== null && (
        <Badge variant={confirmed ? 'light' : 'outline'} color={confirmed ? 'teal' : 'gray'} tt="none">
          {t(confirmed ? 'confirmed' : 'not_confirmed')}
        </Badge>
      )}
      {confirmed === false && ways?.mail && (
        <Button variant="subtle" size="compact-sm" loading={asking.isPending} onClick={() => asking.mutate()}>
          {t('confirm_address')}
        </Button>
      )}
      {asking.error && <Failure error={translated(asking.error)} />}
    </>
  )
}
