import { Container } from '@mantine/core'
import { useRouteError } from 'react-router'
import { BrokenWords } from '~/look/Broken'

/** What broke outside of the pages. */
export function Fault() {
  return (
    <Container component="main" size="sm" py="xl">
      <BrokenWords failure={useRouteError()} />
    </Container>
  )
}
