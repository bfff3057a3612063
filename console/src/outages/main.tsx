import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queries } from '~/api/queries'
import { Broken } from '~/look/Broken'
import { Look } from '~/look/Look'
import { OutagePage } from './OutagePage'
import { startSpeaking } from './words'

startSpeaking()
// The table that stood here until now had a style of its own.
for (const style of document.querySelectorAll('link[data-plain]')) style.remove()
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Look>
      <QueryClientProvider client={queries}>
        <Broken>
          <OutagePage />
        </Broken>
      </QueryClientProvider>
    </Look>
  </StrictMode>,
)
