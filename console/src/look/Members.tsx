import { Box, Paper, SimpleGrid, Text } from '@mantine/core'
import type { ReactNode } from 'react'

/** What there is to say of one thing: names with their values, side by side where there is room. */
export function Members({ of, cols = 4 }: { of: [string, ReactNode][]; cols?: number }) {
  return (
    <Paper withBorder p="md">
      <SimpleGrid component="dl" cols={{ base: 1, xs: 2, md: cols }} m={0} spacing="md">
        {of.map(([name, value]) => (
          <div key={name}>
            <Text component="dt" size="xs" c="dimmed" fw={600}>
              {name}
            </Text>
            <Box component="dd" m={0} fz="sm" style={{ overflowWrap: 'anywhere' }}>
              {value}
            </Box>
          </div>
        ))}
      </SimpleGrid>
    </Paper>
  )
}
