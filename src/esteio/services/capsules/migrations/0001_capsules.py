"""Capsules, their versions, files and contents."""

from alembic import op

from esteio.db.tenancy import secure

revision = "capsules_0001"
down_revision = None
branch_labels = ("capsules",)
depends_on = ("esteio_0005",)

TABLES = """
CREATE TABLE capsules (
    id uuid CONSTRAINT pk_capsules PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT fk_capsules_tenant_id REFERENCES tenants (id) ON DELETE RESTRICT,
    project_name varchar(100) NOT NULL,
    description varchar(5000) NOT NULL,
    tech_stack text[] NOT NULL,
    technologies text[] NOT NULL,
    requirements text[] NOT NULL,
    constraints text[] NOT NULL,
    priority varchar(10) NOT NULL,
    metadata jsonb NOT NULL,
    provider varchar(10) NOT NULL,
    status varchar(10) NOT NULL
        CONSTRAINT ck_capsules_status CHECK (status IN ('queued', 'generating', 'completed', 'failed')),
    reason varchar(64),
    base varchar(64) NOT NULL,
    owner varchar(100) NOT NULL,
    current integer NOT NULL,
    files integer NOT NULL,
    bytes bigint NOT NULL,
    job_id uuid,
    webhook_url varchar(2048),
    deleted_at timestamptz,
    search tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', project_name), 'A') || setweight(to_tsvector('simple', description), 'B')
    ) STORED,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_capsules_created ON capsules (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_capsules_updated ON capsules (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_capsules_name ON capsules (tenant_id, project_name, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX uq_capsules_tenant_id ON capsules (tenant_id, id);
CREATE INDEX ix_capsules_open ON capsules (tenant_id, updated_at) WHERE status IN ('queued', 'generating');
CREATE INDEX ix_capsules_deleted ON capsules (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL;
CREATE TABLE capsule_versions (
    capsule_id uuid NOT NULL,
    number integer NOT NULL,
    tenant_id uuid NOT NULL,
    cause varchar(20) NOT NULL,
    project_name varchar(100) NOT NULL,
    description varchar(5000) NOT NULL,
    tech_stack text[] NOT NULL,
    requirements text[] NOT NULL,
    constraints text[] NOT NULL,
    base varchar(64) NOT NULL,
    pack varchar(100) NOT NULL,
    provider varchar(10) NOT NULL,
    note varchar(300),
    files integer NOT NULL,
    bytes bigint NOT NULL,
    tree varchar(64) NOT NULL,
    created_by varchar(100) NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_capsule_versions PRIMARY KEY (capsule_id, number),
    CONSTRAINT fk_capsule_versions_capsule FOREIGN KEY (tenant_id, capsule_id)
        REFERENCES capsules (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_capsule_versions_capsule ON capsule_versions (tenant_id, capsule_id);
CREATE TABLE capsule_contents (
    tenant_id uuid NOT NULL,
    sha256 bytea NOT NULL,
    content bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_capsule_contents PRIMARY KEY (tenant_id, sha256)
);
CREATE TABLE capsule_files (
    capsule_id uuid NOT NULL,
    number integer NOT NULL,
    path varchar(255) COLLATE "C" NOT NULL,
    tenant_id uuid NOT NULL,
    sha256 bytea NOT NULL,
    size integer NOT NULL,
    executable boolean NOT NULL,
    origin varchar(10) NOT NULL CONSTRAINT ck_capsule_files_origin CHECK (origin IN ('template', 'model', 'edit')),
    CONSTRAINT pk_capsule_files PRIMARY KEY (capsule_id, number, path),
    CONSTRAINT fk_capsule_files_version FOREIGN KEY (capsule_id, number)
        REFERENCES capsule_versions (capsule_id, number) ON DELETE CASCADE,
    CONSTRAINT fk_capsule_files_content FOREIGN KEY (tenant_id, sha256) REFERENCES capsule_contents (tenant_id, sha256)
);
CREATE INDEX ix_capsule_files_sha256 ON capsule_files (tenant_id, sha256);
"""


def upgrade() -> None:
    """Written as one statement after the other; each table is its tenant's."""
    for statement in filter(str.strip, TABLES.split(";")):
        op.execute(statement)
    # What is read is sent as it is, mostly compressed on its way: unpacking it once more each time is work for nothing.
    op.execute("ALTER TABLE capsule_contents ALTER COLUMN content SET STORAGE EXTERNAL")
    for table in ("capsules", "capsule_versions", "capsule_files", "capsule_contents"):
        for statement in secure(table):
            op.execute(statement)
