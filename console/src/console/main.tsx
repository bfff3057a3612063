import { QueryClientProvider } from '@tanstack/react-query'
import { lazy, StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { createBrowserRouter, type RouteObject, RouterProvider } from 'react-router'
import { queries } from '~/api/queries'
import { live } from '~/live/use'
import { Broken } from '~/look/Broken'
import { Look } from '~/look/Look'
import { prefix } from '~/place'
import { session } from '~/session/session'
import { startWords } from '~/words/words'
import { Guard } from './Guard'
import { loaded } from './loaded'
import { PAGES, type PageEntry } from './pages'

function routed({ path, load }: PageEntry): RouteObject {
  const Content = lazy(() => loaded(load))
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
    ...PAGES.filter((page) => page.open).map(routed),
    {
      element: <Guard />,
      children: [
        ...PAGES.filter((page) => !page.open).map(routed),
        { path: '*', lazy: async () => ({ Component: (await import('./Missing')).default }) },
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
