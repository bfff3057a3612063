"""For each alert: what the house shows when it must fire, and the nearest that must not let it."""

from dataclasses import dataclass, field

Series = dict[str, str]
"""A series in Prometheus' notation, and its values a minute apart (`0x10`: ten more zeros; `0+60x10`: 60 more each)."""


@dataclass(frozen=True)
class Case:
    """`firing` must fire at the minute `at`, `quiet` must not, and `early` is a minute at which it does not yet."""

    firing: Series
    quiet: Series
    at: int
    early: int | None = None
    more: list[Series] = field(default_factory=list)


HTTP = "esteio_http_request_duration_seconds"
OK = f'{HTTP}_count{{method="GET",route="/api/v2/pets",status="200"}}'
BAD = f'{HTTP}_count{{method="GET",route="/api/v2/pets",status="503"}}'
REFUSED = f'{HTTP}_count{{method="GET",route="/api/v2/pets",status="429"}}'
LIMIT = 'esteio_limit_decisions_total{policy="default",outcome="%s"}'
BUCKET = HTTP + '_bucket{method="GET",route="/api/v2/pets",status="200",le="%s"}'
LATER = 'esteio_%s{job="esteio-worker"}'
DAY = 86_400

CASES: dict[str, Case] = {
    "EsteioDown": Case(
        {'up{job="esteio-serve",instance="a"}': "0x20"}, {'up{job="esteio-serve",instance="a"}': "1x20"}, 5, 1
    ),
    "EsteioErrorsMany": Case(
        {OK: "0+900x30", BAD: "0+100x30"}, {OK: "0+960x30", BAD: "0+40x30", REFUSED: "0+900x30"}, 20, 3
    ),
    "EsteioErrorsSome": Case(
        {OK: "0+970x90", BAD: "0+30x90"}, {OK: "0+995x90", BAD: "0+5x90", REFUSED: "0+900x90"}, 60, 10
    ),
    "EsteioSlow": Case(
        {BUCKET % "1": "0+900x40", BUCKET % "5": "0+1000x40", BUCKET % "+Inf": "0+1000x40"},
        {BUCKET % "1": "0+995x40", BUCKET % "5": "0+1000x40", BUCKET % "+Inf": "0+1000x40"},
        30,
        8,
    ),
    "EsteioEventLoopBlocked": Case(
        {'esteio_event_loop_lag_max_seconds{process="serve-0"}': "0.4x20"},
        {'esteio_event_loop_lag_max_seconds{process="serve-0"}': "0.2x20"},
        10,
        3,
    ),
    "EsteioProcessesRestart": Case(
        {'esteio_process_start_time_seconds{job="esteio-serve",process="serve-0"}': "0+60x20"},
        {'esteio_process_start_time_seconds{job="esteio-serve",process="serve-0"}': "1x8 60x5 90x10"},
        15,
        2,
    ),
    "EsteioDescriptorsShort": Case(
        {
            'esteio_process_open_descriptors{process="serve-0"}': "900x20",
            'esteio_process_max_descriptors{process="serve-0"}': "1024x20",
        },
        {
            'esteio_process_open_descriptors{process="serve-0"}': "700x20",
            'esteio_process_max_descriptors{process="serve-0"}': "1024x20",
        },
        10,
        3,
    ),
    "EsteioLimitViolations": Case(
        {LIMIT % "admitted": "0+100x40", LIMIT % "refused": "0+100x40"},
        {LIMIT % "admitted": "0+9000x40", LIMIT % "refused": "0+100x40"},
        30,
        8,
    ),
    "EsteioLimitsApproximate": Case({LIMIT % "approximate": "0+1x20"}, {LIMIT % "admitted": "0+9x20"}, 10, 3),
    "EsteioCredentialsGuessed": Case(
        {'esteio_auth_refusals_total{kind="key",reason="unknown"}': "0+300x40"},
        {'esteio_auth_refusals_total{kind="permission",reason="pets:read"}': "0+300x40"},
        30,
        8,
    ),
    "EsteioLoginsGuessed": Case(
        {'esteio_security_events_total{event="login_failed"}': "0+120x40"},
        {'esteio_security_events_total{event="login_failed"}': "0+20x40"},
        30,
        8,
    ),
    "EsteioTokenStolen": Case(
        {'esteio_security_events_total{event="refresh_reused"}': "0x5 1x20"},
        {'esteio_security_events_total{event="refresh_reused"}': "3x40"},
        8,
        4,
    ),
    "EsteioEgressRefused": Case(
        {'esteio_security_events_total{event="egress_refused"}': "0+2x20"},
        {'esteio_security_events_total{event="egress_refused"}': "0+0.2x30"},
        15,
        2,
    ),
    "EsteioOutboxLags": Case(
        {'esteio_outbox_lag_seconds{consumer="fanout"}': "90x20"},
        {'esteio_outbox_lag_seconds{consumer="fanout"}': "30x20"},
        10,
        3,
    ),
    "EsteioJobsWait": Case(
        {'esteio_job_oldest_due_seconds{queue="io"}': "200x20"},
        {'esteio_job_oldest_due_seconds{queue="io"}': "100x20"},
        10,
        3,
    ),
    "EsteioNoWorkers": Case(
        {'esteio_job_workers{queue="cpu"}': "0x20"}, {'esteio_job_workers{queue="cpu"}': "1x20"}, 5, 1
    ),
    "EsteioDeadLetters": Case(
        {'esteio_job_dead_letters{queue="io"}': "2x20 3x20"}, {'esteio_job_dead_letters{queue="io"}': "3x40"}, 25, 18
    ),
    "EsteioSchedulerPartDead": Case(
        {'esteio_scheduler_part_alive{part="relay"}': "0x20"},
        {
            'esteio_scheduler_part_alive{part="relay",instance="a"}': "0x20",
            'esteio_scheduler_part_alive{part="relay",instance="b"}': "1x20",
        },
        5,
        1,
    ),
    "EsteioNoScheduler": Case(
        {'up{job="esteio-scheduler"}': "1x20"}, {'esteio_scheduler_part_alive{part="relay"}': "1x20"}, 5, 1
    ),
    "EsteioWebhooksStuck": Case(
        {LATER % "webhook_oldest_pending_seconds": "1000x40", LATER % "webhook_deliveries_pending": "500x40"},
        {LATER % "webhook_oldest_pending_seconds": "1000x40", LATER % "webhook_deliveries_pending": "20x40"},
        20,
        5,
    ),
    "EsteioWebhookEndpointDisabled": Case(
        {'esteio_webhook_endpoints_disabled_total{reason="gone"}': "0x5 1x20"},
        {'esteio_webhook_endpoints_disabled_total{reason="gone"}': "7x40"},
        8,
        4,
    ),
    "EsteioMailFails": Case(
        {'esteio_mails_total{outcome="refused"}': "0+5x80", 'esteio_mails_total{outcome="accepted"}': "0+10x80"},
        {'esteio_mails_total{outcome="refused"}': "0+1x80", 'esteio_mails_total{outcome="accepted"}': "0+10x80"},
        50,
        10,
    ),
    "EsteioDatabaseAway": Case(
        {'esteio_database_up{instance="a"}': "0x20"}, {'esteio_database_up{instance="a"}': "1x20"}, 5, 0
    ),
    "EsteioDatabasePoolShort": Case(
        {'esteio_database_pool_timeouts_total{pool="write"}': "0+3x20"},
        {'esteio_database_pool_timeouts_total{pool="write"}': "9x20"},
        10,
        2,
    ),
    "EsteioMigrationsBehind": Case({"esteio_migrations_behind": "1x40"}, {"esteio_migrations_behind": "0x40"}, 20, 5),
    "EsteioClockSkewed": Case(
        {'esteio_clock_skew_seconds{instance="a"}': "-5x40"},
        {'esteio_clock_skew_seconds{instance="a"}': "0.5x40"},
        20,
        5,
    ),
    "EsteioRedisAway": Case(
        {'esteio_redis_available{instance="a"}': "0x20"}, {'esteio_redis_available{instance="a"}': "1x20"}, 5, 1
    ),
    "EsteioUpstreamAway": Case(
        {'esteio_upstream_breaker_open{party="fakestore"}': "1x20"},
        {'esteio_upstream_breaker_open{party="fakestore"}': "0x20"},
        10,
        3,
    ),
    "EsteioDiskFills": Case(
        {
            'esteio_files_free_bytes{instance="a",place="store"}': "800x60",
            'esteio_files_disk_bytes{instance="a",place="store"}': "10000x60",
        },
        {
            'esteio_files_free_bytes{instance="a",place="store"}': "2000x60",
            'esteio_files_disk_bytes{instance="a",place="store"}': "10000x60",
        },
        30,
        5,
        more=[
            {
                'esteio_files_free_bytes{instance="a",place="store"}': "9000-10x60",
                'esteio_files_disk_bytes{instance="a",place="store"}': "10000x60",
            }
        ],
    ),
    "EsteioDiskFull": Case(
        {
            'esteio_files_free_bytes{instance="a",place="store"}': "200x20",
            'esteio_files_disk_bytes{instance="a",place="store"}': "10000x20",
        },
        {
            'esteio_files_free_bytes{instance="a",place="store"}': "400x20",
            'esteio_files_disk_bytes{instance="a",place="store"}': "10000x20",
        },
        5,
        1,
    ),
    "EsteioCertificateEnds": Case(
        {'esteio_certificate_not_after_timestamp_seconds{certificate="site.pem"}': f"{13 * DAY}x200"},
        {'esteio_certificate_not_after_timestamp_seconds{certificate="site.pem"}': f"{15 * DAY}x200"},
        90,
        30,
    ),
    "EsteioCertificateEndsSoon": Case(
        {'esteio_certificate_not_after_timestamp_seconds{certificate="site.pem"}': f"{2 * DAY}x20"},
        {'esteio_certificate_not_after_timestamp_seconds{certificate="site.pem"}': f"{4 * DAY}x20"},
        10,
        2,
    ),
    "EsteioBackupOld": Case(
        {"esteio_backup_last_success_timestamp_seconds": "0x2000"},
        {"esteio_backup_last_success_timestamp_seconds": "0x1000 60000x1000"},
        1600,
        1500,
    ),
    "EsteioBackupNone": Case(
        {"esteio_database_up": "1x1700"},
        {"esteio_database_up": "1x1700", "esteio_backup_last_success_timestamp_seconds": "0x1700"},
        1600,
        1500,
    ),
    "EsteioBackupIncomplete": Case(
        {"esteio_backup_last_lost_files": "2x20"}, {"esteio_backup_last_lost_files": "0x20"}, 10, 3
    ),
    "EsteioCertificateUnreadable": Case(
        {'esteio_certificate_readable{certificate="site.pem"}': "0x100"},
        {'esteio_certificate_readable{certificate="site.pem"}': "1x100"},
        90,
        30,
    ),
    "EsteioReplicaUnusable": Case(
        {'esteio_database_replica_usable{replica="one"}': "0x20"},
        {
            'esteio_database_replica_usable{replica="one",instance="a"}': "0x20",
            'esteio_database_replica_usable{replica="one",instance="b"}': "1x20",
        },
        10,
        3,
    ),
    "EsteioBugs": Case(
        {'esteio_error_reports_total{outcome="reported"}': "0x5 1x20"},
        {'esteio_error_reports_total{outcome="reported"}': "3x40"},
        8,
        4,
    ),
    "EsteioOutagesUnread": Case(
        {"esteio_outages_oms_last_read_timestamp_seconds": "0x60"},
        {"esteio_outages_oms_last_read_timestamp_seconds": "0x10 600x50"},
        24,
        14,
    ),
    "EsteioPollsNotRecorded": Case(
        {"esteio_outages_polls_dropped_total": "0x5 2x20"}, {"esteio_outages_polls_dropped_total": "4x30"}, 8, 4
    ),
    "EsteioBooksFail": Case(
        {'esteio_petstory_orders_total{state="production_failed"}': "0+1x40"},
        {'esteio_petstory_orders_total{state="mailed"}': "0+1x40"},
        30,
        1,
    ),
}
