import '@mantine/core/styles.css'
import './look.css'
import { MantineProvider } from '@mantine/core'
import { setNonce } from 'get-nonce'
import type { ReactNode } from 'react'
import { nonce } from '~/place'
import { theme, variables } from './theme'

if (nonce) setNonce(nonce)

/** What every page stands in: colours, light or dark as chosen here or by the system, styles under the page's nonce. */
export function Look({ children }: { children: ReactNode }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      {children}
    </MantineProvider>
  )
}
