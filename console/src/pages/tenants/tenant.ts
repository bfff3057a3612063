import type { operations } from '~/api/schema'

export type Tenant =
  operations['read_tenant_api_v2_tenants__tenant_id__get']['responses'][200]['content']['application/json']['data']
