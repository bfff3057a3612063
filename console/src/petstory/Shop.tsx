import './shop.css'
import { Container } from '@mantine/core'
import { Suspense, useLayoutEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Broken } from '~/look/Broken'
import { part } from '~/look/loaded'
import { Outline } from '~/look/Shown'
import { Begin } from './Begin'
import { Header } from './Header'
import { usePlace } from './place'

// Who looks at the shop for the first time needs none of what comes later.
const OrderPage = part(() => import('./OrderPage'))

/** The whole shop: where an order begins, or an order by its secret link. */
export function Shop() {
  const { t } = useTranslation()
  const { link, step } = usePlace()
  useLayoutEffect(() => document.querySelector('link[data-plain]')?.remove(), [])
  return (
    <>
      <a className="skip" href="#content">
        {t('skip')}
      </a>
      <Header />
      <Container component="main" id="content" tabIndex={-1} size="sm" pb="xl">
        <Broken key={link}>
          <Suspense fallback={<Outline />}>
            {link ? <OrderPage key={link} link={link} asked={step} /> : <Begin />}
          </Suspense>
        </Broken>
      </Container>
    </>
  )
}
