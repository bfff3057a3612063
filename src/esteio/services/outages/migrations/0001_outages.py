"""Outages, the universe, the regulator's polls, consumers' demands."""

import sqlalchemy as sa
from alembic import op

from esteio.db.tenancy import secure

revision = "outages_0001"
down_revision = None
branch_labels = ("outages",)
depends_on = ("esteio_0001",)

TABLES = ("outages", "outage_areas", "outage_universe", "outage_polls", "outage_demands", "outage_oms_marks")


def upgrade() -> None:
    _outages()
    _areas()
    _universe()
    _polls()
    _demands()
    op.create_table(
        "outage_oms_marks",
        _tenant(primary_key=True),
        _moment("read_until"),
        _moment("reconciled_at", nullable=True),
        _moment("doubted_at", nullable=True),
    )
    for table in TABLES:
        for statement in secure(table):
            op.execute(statement)


def downgrade() -> None:
    for table in ("outage_areas", *(name for name in TABLES if name != "outage_areas")):
        op.drop_table(table)


def _tenant(*, primary_key: bool = False) -> sa.Column[object]:
    tenant = sa.ForeignKey("tenants.id", ondelete="RESTRICT")
    return sa.Column("tenant_id", sa.Uuid(), tenant, nullable=False, primary_key=primary_key)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _whole(name: str, *, primary_key: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False, primary_key=primary_key, autoincrement=False)


def _outages() -> None:
    op.create_table(
        "outages",
        _tenant(primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("in_oms", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("planned", sa.Boolean(), nullable=False),
        _moment("started_at"),
        _moment("ended_at", nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="ck_outages_order"),
    )
    op.create_index("uq_outages_external", "outages", ["tenant_id", "external_id"], unique=True)
    still_open, ended = sa.text("ended_at IS NULL"), sa.text("ended_at IS NOT NULL")
    op.create_index("ix_outages_open", "outages", ["tenant_id", "started_at", "id"], postgresql_where=still_open)
    op.create_index(
        "ix_outages_ended", "outages", ["tenant_id", "ended_at", "started_at", "id"], postgresql_where=ended
    )
    op.create_index("ix_outages_in_oms", "outages", ["tenant_id"], postgresql_where=sa.text("in_oms"))
    op.create_index("ix_outages_started", "outages", ["tenant_id", "started_at", "id"])
    op.create_index("ix_outages_updated", "outages", ["tenant_id", "updated_at", "id"])


def _areas() -> None:
    op.create_table(
        "outage_areas",
        _tenant(primary_key=True),
        sa.Column("outage_id", sa.Uuid(), primary_key=True),
        _whole("conjunto", primary_key=True),
        _whole("municipio", primary_key=True),
        _whole("affected"),
        sa.Column("ucs", sa.ARRAY(sa.Text())),
        sa.CheckConstraint("affected >= 0", name="ck_outage_areas_affected"),
        sa.ForeignKeyConstraint(["tenant_id", "outage_id"], ["outages.tenant_id", "outages.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_outage_areas_place", "outage_areas", ["tenant_id", "municipio", "conjunto"])
    listed = sa.text("ucs IS NOT NULL")
    op.create_index("ix_outage_areas_listed", "outage_areas", ["tenant_id", "outage_id"], postgresql_where=listed)


def _universe() -> None:
    op.create_table(
        "outage_universe",
        _tenant(primary_key=True),
        _whole("conjunto", primary_key=True),
        _whole("municipio", primary_key=True),
        _whole("served"),
        _moment("updated_at"),
        sa.CheckConstraint("served >= 0", name="ck_outage_universe_served"),
    )


def _polls() -> None:
    op.create_table(
        "outage_polls",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _tenant(),
        _moment("at"),
        sa.Column("operation", sa.String(60), nullable=False),
        sa.Column("principal", sa.String(100), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        _moment("asked", nullable=True),
        _whole("status"),
        _whole("outcome"),
        sa.Column("source", sa.String(10), nullable=False),
        _whole("rows"),
        _whole("ms"),
    )
    op.create_index("ix_outage_polls_at", "outage_polls", ["tenant_id", "at", "id"])


def _demands() -> None:
    op.create_table(
        "outage_demands",
        _tenant(primary_key=True),
        sa.Column("protocol", sa.String(30), primary_key=True),
        *(_whole(name) for name in ("level", "channel")),
        sa.Column("typology", sa.String(7), nullable=False),
        *(_whole(name) for name in ("status", "merit", "treatment", "municipio")),
        _moment("opened_at"),
        _moment("closed_at", nullable=True),
        sa.Column("personal", sa.LargeBinary(), nullable=False),
        _moment("updated_at"),
        sa.CheckConstraint("closed_at IS NULL OR closed_at >= opened_at", name="ck_outage_demands_order"),
    )
    closed, in_progress = sa.text("closed_at IS NOT NULL"), sa.text("status = 0")
    op.create_index("ix_outage_demands_opened", "outage_demands", ["tenant_id", "opened_at"])
    op.create_index("ix_outage_demands_closed", "outage_demands", ["tenant_id", "closed_at"], postgresql_where=closed)
    op.create_index("ix_outage_demands_open", "outage_demands", ["tenant_id"], postgresql_where=in_progress)
