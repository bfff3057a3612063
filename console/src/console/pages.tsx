import {
  Bot,
  Building,
  Building2,
  ChartPie,
  CircleUser,
  Drama,
  Gauge,
  Inbox,
  KeyRound,
  Landmark,
  LayoutDashboard,
  ListChecks,
  type LucideIcon,
  Mail,
  MailPlus,
  PawPrint,
  Radio,
  ScrollText,
  Send,
  ShieldCheck,
  Skull,
  Users,
  Webhook,
} from 'lucide-react'
import type { ComponentType } from 'react'

export type Group = 'house' | 'work' | 'access' | 'outside' | 'products' | 'development'

export interface PageEntry {
  /** Below /console. Parameters as in `jobs/:id`. */
  path: string
  load: () => Promise<{ default: ComponentType }>
  /** Who is not signed in may see it. */
  open?: true
  /** Where it stands in the menu; without it, it is reached from another page. */
  menu?: { group: Group; name: string; icon: LucideIcon; permission?: string; product?: 'pets' }
}

/** Every page of the console, in the order of the menu. Each is a chunk of its own. */
export const PAGES: PageEntry[] = [
  { path: 'sign-in', load: () => import('~/pages/account/SignIn'), open: true },
  { path: 'signed-in', load: () => import('~/pages/account/SignedIn'), open: true },
  { path: 'register', load: () => import('~/pages/account/Register'), open: true },
  { path: 'forgotten', load: () => import('~/pages/account/Forgotten'), open: true },
  { path: 'account/reset', load: () => import('~/pages/account/Reset'), open: true },
  { path: 'account/verify', load: () => import('~/pages/account/Verify'), open: true },
  { path: 'account/invitation', load: () => import('~/pages/account/Invitation'), open: true },
  {
    path: 'account',
    load: () => import('~/pages/account/Account'),
    menu: { group: 'access', name: 'account', icon: CircleUser },
  },
  {
    path: 'organizations',
    load: () => import('~/pages/account/Organizations'),
    menu: { group: 'access', name: 'organizations', icon: Building2 },
  },
  {
    path: '',
    load: () => import('~/pages/overview/Overview'),
    menu: { group: 'house', name: 'overview', icon: LayoutDashboard },
  },
  {
    path: 'keys',
    load: () => import('~/pages/keys/Keys'),
    menu: { group: 'access', name: 'keys', icon: KeyRound, permission: 'keys:read' },
  },
  { path: 'keys/:id', load: () => import('~/pages/keys/KeyPage') },
  {
    path: 'clients',
    load: () => import('~/pages/clients/Clients'),
    menu: { group: 'access', name: 'clients', icon: Bot, permission: 'clients:read' },
  },
  { path: 'clients/:id', load: () => import('~/pages/clients/ClientPage') },
  {
    path: 'jobs',
    load: () => import('~/pages/jobs/Jobs'),
    menu: { group: 'work', name: 'jobs', icon: ListChecks },
  },
  { path: 'jobs/:id', load: () => import('~/pages/jobs/Job') },
  {
    path: 'dead-letters',
    load: () => import('~/pages/dead_letters/DeadLetters'),
    menu: { group: 'work', name: 'dead_letters', icon: Skull, permission: 'tasks:read' },
  },
  {
    path: 'endpoints',
    load: () => import('~/pages/webhooks/Endpoints'),
    menu: { group: 'outside', name: 'endpoints', icon: Webhook, permission: 'webhooks:read' },
  },
  { path: 'endpoints/:id', load: () => import('~/pages/webhooks/Endpoint') },
  {
    path: 'deliveries',
    load: () => import('~/pages/webhooks/Deliveries'),
    menu: { group: 'outside', name: 'deliveries', icon: Send, permission: 'webhooks:read' },
  },
  { path: 'deliveries/:id', load: () => import('~/pages/webhooks/Delivery') },
  {
    path: 'receipts',
    load: () => import('~/pages/webhooks/Receipts'),
    menu: { group: 'outside', name: 'receipts', icon: Inbox, permission: 'webhooks:read' },
  },
  { path: 'receipts/:id', load: () => import('~/pages/webhooks/Receipt') },
  {
    path: 'realtime',
    load: () => import('~/pages/realtime/Realtime'),
    menu: { group: 'outside', name: 'realtime', icon: Radio },
  },
  {
    path: 'pets',
    load: () => import('~/pages/pets/Pets'),
    menu: { group: 'products', name: 'pets', icon: PawPrint, product: 'pets' },
  },
  { path: 'pets/:id', load: () => import('~/pages/pets/Pet') },
  {
    path: 'mails',
    load: () => import('~/pages/mails/Mails'),
    menu: { group: 'development', name: 'mails', icon: Mail, permission: 'development:use' },
  },
  {
    path: 'stand-ins',
    load: () => import('~/pages/stand_ins/StandIns'),
    menu: { group: 'development', name: 'stand_ins', icon: Drama, permission: 'development:use' },
  },
  {
    path: 'limits',
    load: () => import('~/pages/limits/Limits'),
    menu: { group: 'house', name: 'limits', icon: Gauge, permission: 'usage:read' },
  },
  {
    path: 'quotas',
    load: () => import('~/pages/quotas/Quotas'),
    menu: { group: 'house', name: 'quotas', icon: ChartPie, permission: 'quotas:read' },
  },
  {
    path: 'audit',
    load: () => import('~/pages/audit/Audit'),
    menu: { group: 'house', name: 'audit', icon: ScrollText, permission: 'audit:read' },
  },
  {
    path: 'tenants',
    load: () => import('~/pages/tenants/Tenants'),
    menu: { group: 'house', name: 'tenants', icon: Landmark, permission: 'tenants:read' },
  },
  { path: 'tenants/:id', load: () => import('~/pages/tenants/Tenant') },
  {
    path: 'organization',
    load: () => import('~/pages/organization/Organization'),
    menu: { group: 'access', name: 'organization', icon: Building },
  },
  {
    path: 'users',
    load: () => import('~/pages/users/Users'),
    menu: { group: 'access', name: 'users', icon: Users, permission: 'users:read' },
  },
  {
    path: 'roles',
    load: () => import('~/pages/roles/Roles'),
    menu: { group: 'access', name: 'roles', icon: ShieldCheck, permission: 'roles:read' },
  },
  {
    path: 'invitations',
    load: () => import('~/pages/invitations/Invitations'),
    menu: { group: 'access', name: 'invitations', icon: MailPlus, permission: 'users:read' },
  },
]
