import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queries } from '~/api/queries'
import { Broken } from '~/look/Broken'
import { Look } from '~/look/Look'
import { tidyAddress } from './place'
import { Shop } from './Shop'
import { startSpeaking } from './speech'

startSpeaking()
tidyAddress()
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Look>
      <QueryClientProvider client={queries}>
        <Broken>
          <Shop />
        </Broken>
      </QueryClientProvider>
    </Look>
  </StrictMode>,
)
