"""Orders of books: customers, photos, pictures, payments and their ledger, mails."""

from alembic import op

from esteio.db.tenancy import secure

revision = "petstory_0001"
down_revision = None
branch_labels = ("petstory",)
depends_on = ("esteio_0003",)

TABLES = (
    "petstory_customers",
    "petstory_orders",
    "petstory_photos",
    "petstory_arts",
    "petstory_checkouts",
    "petstory_payments",
    "petstory_payment_events",
    "petstory_refunds",
    "petstory_mails",
)

STATEMENTS = (
    """
    CREATE TABLE petstory_customers (
        id uuid NOT NULL,
        email varchar(254),
        email_key varchar(254),
        uploads timestamptz[] NOT NULL,
        created_at timestamptz NOT NULL,
        tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE RESTRICT,
        CONSTRAINT pk_petstory_customers PRIMARY KEY (id)
    )
    """,
    "CREATE UNIQUE INDEX uq_petstory_customers_email ON petstory_customers (tenant_id, email_key)",
    "CREATE UNIQUE INDEX uq_petstory_customers_tenant_id ON petstory_customers (tenant_id, id)",
    """
    CREATE TABLE petstory_orders (
        id uuid NOT NULL,
        customer_id uuid NOT NULL,
        state varchar(20) NOT NULL,
        reason varchar(200),
        pet_name varchar(100) NOT NULL,
        species varchar(50),
        breed varchar(100),
        born date,
        words varchar(4000) NOT NULL,
        language varchar(10) NOT NULL,
        styles varchar(20)[] NOT NULL,
        price numeric(12, 2) NOT NULL,
        currency varchar(3) NOT NULL,
        received numeric(12, 2) NOT NULL,
        spent numeric(12, 4) NOT NULL,
        wanted integer NOT NULL,
        link integer NOT NULL,
        tribute boolean NOT NULL,
        tribute_link integer NOT NULL,
        story jsonb,
        book_id uuid,
        expires_at timestamptz NOT NULL,
        paid_at timestamptz,
        produced_at timestamptz,
        emailed_at timestamptz,
        delivered_at timestamptz,
        ended_at timestamptz,
        photos_purged_at timestamptz,
        forgotten_at timestamptz,
        tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE RESTRICT,
        version integer NOT NULL,
        created_at timestamptz DEFAULT now() NOT NULL,
        updated_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_petstory_orders PRIMARY KEY (id),
        CONSTRAINT fk_petstory_orders_tenant_id_customer_id FOREIGN KEY (tenant_id, customer_id)
            REFERENCES petstory_customers (tenant_id, id)
    )
    """,
    "CREATE INDEX ix_petstory_orders_created ON petstory_orders (tenant_id, created_at, id)",
    "CREATE INDEX ix_petstory_orders_customer ON petstory_orders (tenant_id, customer_id, created_at)",
    "CREATE INDEX ix_petstory_orders_state ON petstory_orders (tenant_id, state, created_at, id)",
    "CREATE INDEX ix_petstory_orders_updated ON petstory_orders (tenant_id, updated_at, id)",
    "CREATE UNIQUE INDEX uq_petstory_orders_tenant_id ON petstory_orders (tenant_id, id)",
    """
    CREATE TABLE petstory_photos (
        id uuid NOT NULL,
        order_id uuid NOT NULL,
        position integer NOT NULL,
        file_id uuid NOT NULL,
        sha256 varchar(64) NOT NULL,
        width integer NOT NULL,
        height integer NOT NULL,
        size integer NOT NULL,
        source varchar(10) NOT NULL,
        created_at timestamptz NOT NULL,
        tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE RESTRICT,
        CONSTRAINT pk_petstory_photos PRIMARY KEY (id),
        CONSTRAINT fk_petstory_photos_tenant_id_order_id FOREIGN KEY (tenant_id, order_id)
            REFERENCES petstory_orders (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE UNIQUE INDEX uq_petstory_photos_position ON petstory_photos (tenant_id, order_id, position)",
    "CREATE UNIQUE INDEX uq_petstory_photos_tenant_id ON petstory_photos (tenant_id, id)",
    """
    CREATE TABLE petstory_arts (
        id uuid NOT NULL,
        order_id uuid NOT NULL,
        photo_id uuid NOT NULL,
        style varchar(20) NOT NULL,
        stage varchar(10) NOT NULL,
        state varchar(10) NOT NULL,
        reason varchar(200),
        photo_sha256 varchar(64) NOT NULL,
        file_id uuid,
        preview_file_id uuid,
        width integer,
        height integer,
        provider varchar(20),
        model varchar(100),
        cost numeric(12, 4) NOT NULL,
        tries integer NOT NULL,
        created_at timestamptz NOT NULL,
        drawn_at timestamptz,
        tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE RESTRICT,
        CONSTRAINT pk_petstory_arts PRIMARY KEY (id),
        CONSTRAINT fk_petstory_arts_tenant_id_order_id FOREIGN KEY (tenant_id, order_id)
            REFERENCES petstory_orders (tenant_id, id) ON DELETE CASCADE,
        CONSTRAINT fk_petstory_arts_tenant_id_photo_id FOREIGN KEY (tenant_id, photo_id)
            REFERENCES petstory_photos (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_petstory_arts_drawn ON petstory_arts (tenant_id, photo_sha256, style) WHERE state = 'drawn'",
    "CREATE INDEX ix_petstory_arts_order ON petstory_arts (tenant_id, order_id, state)",
    "CREATE UNIQUE INDEX uq_petstory_arts_photo ON petstory_arts (tenant_id, photo_id, style)",
    """
    CREATE TABLE petstory_checkouts (
        id uuid NOT NULL,
        order_id uuid NOT NULL,
        idempotency_key varchar(64) NOT NULL,
        asked_sha256 varchar(64) NOT NULL,
        amount numeric(12, 2) NOT NULL,
        currency varchar(3) NOT NULL,
        preference_id varchar(100),
        url varchar(2000),
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        look_at timestamptz,
        tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE RESTRICT,
        CONSTRAINT pk_petstory_checkouts PRIMARY KEY (id),
        CONSTRAINT fk_petstory_checkouts_tenant_id_order_id FOREIGN KEY (tenant_id, order_id)
            REFERENCES petstory_orders (tenant_id, id) ON DELETE CASCADE,
        CONSTRAINT uq_petstory_checkouts_idempotency_key UNIQUE (idempotency_key)
    )
    """,
    "CREATE INDEX ix_petstory_checkouts_look ON petstory_checkouts (tenant_id, look_at) WHERE look_at IS NOT NULL",
    "CREATE INDEX ix_petstory_checkouts_order ON petstory_checkouts (tenant_id, order_id, created_at)",
    """
    CREATE TABLE petstory_payments (
        id uuid NOT NULL,
        order_id uuid NOT NULL,
        number varchar(64) NOT NULL,
        status varchar(30) NOT NULL,
        status_detail varchar(100),
        method varchar(50),
        amount numeric(12, 2) NOT NULL,
        refunded numeric(12, 2) NOT NULL,
        currency varchar(3) NOT NULL,
        live boolean NOT NULL,
        doubt varchar(30),
        approved_at timestamptz,
        changed_at timestamptz NOT NULL,
        first_seen_at timestamptz NOT NULL,
        seen_at timestamptz NOT NULL,
        tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE RESTRICT,
        CONSTRAINT pk_petstory_payments PRIMARY KEY (id),
        CONSTRAINT fk_petstory_payments_tenant_id_order_id FOREIGN KEY (tenant_id, order_id)
            REFERENCES petstory_orders (tenant_id, id)
    )
    """,
    "CREATE INDEX ix_petstory_payments_order ON petstory_payments (tenant_id, order_id)",
    "CREATE UNIQUE INDEX uq_petstory_payments_number ON petstory_payments (tenant_id, number)",
    """
    CREATE TABLE petstory_payment_events (
        position bigint GENERATED ALWAYS AS IDENTITY,
        id uuid NOT NULL,
        order_id uuid NOT NULL,
        number varchar(64) NOT NULL,
        status varchar(30) NOT NULL,
        status_detail varchar(100),
        delta numeric(12, 2) NOT NULL,
        currency varchar(3) NOT NULL,
        source varchar(20) NOT NULL,
        doubt varchar(30),
        at timestamptz NOT NULL,
        tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE RESTRICT,
        CONSTRAINT pk_petstory_payment_events PRIMARY KEY (position),
        CONSTRAINT fk_petstory_payment_events_tenant_id_order_id FOREIGN KEY (tenant_id, order_id)
            REFERENCES petstory_orders (tenant_id, id),
        CONSTRAINT uq_petstory_payment_events_id UNIQUE (id)
    )
    """,
    "CREATE INDEX ix_petstory_payment_events_order ON petstory_payment_events (tenant_id, order_id, position)",
    """
    CREATE TABLE petstory_refunds (
        id uuid NOT NULL,
        order_id uuid NOT NULL,
        number varchar(64) NOT NULL,
        amount numeric(12, 2) NOT NULL,
        idempotency_key varchar(64) NOT NULL,
        state varchar(10) NOT NULL,
        refund_number varchar(64),
        reason varchar(200) NOT NULL,
        error varchar(200),
        asked_by varchar(100) NOT NULL,
        created_at timestamptz NOT NULL,
        done_at timestamptz,
        tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE RESTRICT,
        CONSTRAINT pk_petstory_refunds PRIMARY KEY (id),
        CONSTRAINT fk_petstory_refunds_tenant_id_order_id FOREIGN KEY (tenant_id, order_id)
            REFERENCES petstory_orders (tenant_id, id),
        CONSTRAINT uq_petstory_refunds_idempotency_key UNIQUE (idempotency_key)
    )
    """,
    "CREATE INDEX ix_petstory_refunds_order ON petstory_refunds (tenant_id, order_id)",
    """
    CREATE TABLE petstory_mails (
        id uuid NOT NULL,
        order_id uuid NOT NULL,
        kind varchar(20) NOT NULL,
        state varchar(20) NOT NULL,
        code integer,
        answer varchar(300),
        created_at timestamptz NOT NULL,
        sent_at timestamptz,
        tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE RESTRICT,
        CONSTRAINT pk_petstory_mails PRIMARY KEY (id),
        CONSTRAINT fk_petstory_mails_tenant_id_order_id FOREIGN KEY (tenant_id, order_id)
            REFERENCES petstory_orders (tenant_id, id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_petstory_mails_order ON petstory_mails (tenant_id, order_id, created_at)",
    """
    CREATE FUNCTION petstory_payment_events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'payment events are append-only' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON petstory_payment_events "
    "FOR EACH STATEMENT EXECUTE FUNCTION petstory_payment_events_are_append_only()",
    "ALTER TABLE petstory_payment_events ENABLE ALWAYS TRIGGER append_only",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    for table in TABLES:
        for statement in secure(table):
            op.execute(statement)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION petstory_payment_events_are_append_only")
