import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { createBrowserRouter, type RouteObject, RouterProvider } from 'react-router'
import { queries } from '~/api/queries'
import { live } from '~/live/use'
import { Broken } from '~/look/Broken'
import { Look } from '~/look/Look'
import { part } from '~/look/loaded'
import { prefix } from '~/place'
import { session } from '~/session/session'
import { startWords } from '~/words/words'
import { Fault } from './Fault'
import { Guard } from './Guard'
import { PAGES, type PageEntry } from './pages'

function routed({ path, load }: Pick<PageEntry, 'path' | 'load'>): RouteObject {
  const Content = part(load)
  const element = (
    <Broken key={path}>
      <Suspense>
        <Content />
      </Suspense>
    </Broken>
  )
  return path === '' ? { index: true, element } : { path, element }
}

startWords()
const router = createBrowserRouter(
  [
    {
      errorElement: <Fault />,
      children: [
        ...PAGES.filter((page) => page.open).map(routed),
        {
          element: <Guard />,
          children: [
            ...PAGES.filter((page) => !page.open).map(routed),
            routed({ path: '*', load: () => import('./Missing') }),
          ],
        },
      ],
    },
  ],
  { basename: `${prefix}/console` },
)

session.subscribe(() => {
  live.restart()
  if (!session.isIn) queries.clear()
})
void session.start()

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Look>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </Look>
  </StrictMode>,
)
