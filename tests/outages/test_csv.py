"""`esteio outages import`: both layouts of ANEEL's open data, what is broken in them, and files that are large."""

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from esteio.base.errors import NotFound
from esteio.embedded.engines import Engines
from tests.cli.command import COMMAND, NOWHERE, surroundings
from tests.house import environment
from tests.outages.desk import BOA_VISTA, CANTA, Desk
from tests.outages.open_data import OLD_COLUMNS, new_file, new_row, old_file, old_row

START = datetime(2024, 3, 5, 13, tzinfo=UTC)
"""10:00 in Brasília."""

LARGE = 200 * 1024 * 1024


@pytest.fixture(scope="module")
def given(new_database: Callable[[], str], engines: Engines) -> dict[str, str]:
    return environment(new_database(), engines.redis_url)


@pytest.fixture
def desk(given: dict[str, str], tmp_path: Path) -> Desk:
    return Desk(given, tmp_path)


class TestLayouts:
    @pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig"])
    def test_old(self, desk: Desk, encoding: str) -> None:
        """Rows without município are divided as their conjunto serves; times are Brasília's; accents are understood."""
        rows = [
            old_row(),
            old_row(NumOrdemInterrupcao="2", DscTipoInterrupcao="Programada", NumUnidadeConsumidora="1.500"),
        ]
        done = desk.imported(old_file(rows, encoding))
        assert (done.code, "2 new outages" in done.out) == (0, True), done.said
        found = desk.outages()
        assert {(row["source"], row["started_at"], row["ended_at"]) for row in found} == {
            ("csv", START, START + timedelta(minutes=90))
        }
        assert sorted(row["planned"] for row in found) == [False, True]
        assert desk.units() == [(12727, BOA_VISTA, n) for n in (1350,)] + [
            (12727, CANTA, 150),
            (12727, BOA_VISTA, 108),
            (12727, CANTA, 12),
        ]

    def test_new(self, desk: Desk) -> None:
        """A row with its município stays there; what is planned begins so; blanks and zeros do not matter."""
        rows = [
            new_row(),
            new_row(SigAgente="BOA VISTA     ", NumCNPJDistribuidora="2341470000144"),
            new_row(CodInterrupcao="2", DscFatoGeradorTipo="PROGRAMADA - ALTERACAO", QtdConsumidoresAfetados="7,00"),
            new_row(CodInterrupcao="3", DatInicioInterrupcao="05/03/2026 09:00:00", QtdConsumidoresAfetados="3"),
        ]
        done = desk.imported(new_file(rows))
        assert "4 rows in the layout of 2026: 3 new outages" in done.out, done.said
        assert [row["planned"] for row in desk.outages()].count(True) == 1
        assert desk.units() == [(12727, BOA_VISTA, n) for n in (120, 7, 3)]

    def test_other_order(self, desk: Desk) -> None:
        """Columns are found by their names: in another order, with one more, with an unneeded one less."""
        order = [name for name in reversed(OLD_COLUMNS) if name != "NumAno"]
        cells = dict(zip(OLD_COLUMNS, old_row().split('";"'), strict=True))
        row = ";".join(["x", *(cells[name].strip('"') for name in order if name != "DscFatoGeradorInterrupcao"), ""])
        header = ";".join(["Mais", *(name for name in order if name != "DscFatoGeradorInterrupcao"), "Outra"])
        assert desk.imported(f"{header}\n{row}".encode()).code == 0
        assert len(desk.outages()) == 1

    def test_conjunto_of_which_nothing_is_known(self, desk: Desk) -> None:
        """Without município and without universe a row is rejected, and the reason says what to do."""
        rejected = desk.rejected(old_file([old_row(), old_row(IdeConjuntoUnidadeConsumidora="99")]))
        assert rejected == [(3, "no município is known of the conjunto 99: load the universe first")]


class TestBroken:
    def test_old(self, desk: Desk) -> None:
        """Each broken line is rejected with its number, and the others are taken: an open quote swallows no other."""
        lines: Sequence[tuple[bytes, str]] = [
            (b'"one";"two"', "it has 2 columns, the header 18"),
            (old_row(NumAno='20"24').encode().replace(b'20"24"', b'20"24'), "its quotes do not match"),
            (old_row(NomAgenteRegulado="\0").encode(), "it has a NUL byte"),
            (old_row(DatInicioInterrupcao="2024-02-30 10:00:00").encode(), "DatInicioInterrupcao is no time"),
            (old_row(DatInicioInterrupcao="").encode(), "DatInicioInterrupcao is empty"),
            (old_row(DatFimInterrupcao="").encode(), "DatFimInterrupcao is empty"),
            (
                old_row(DatFimInterrupcao="2024-03-05 09:59:59").encode(),
                "DatFimInterrupcao lies before DatInicioInterrupcao",
            ),
            (old_row(NumUnidadeConsumidora="12,5").encode(), "NumUnidadeConsumidora is not a whole number"),
            (old_row(NumUnidadeConsumidora="-1").encode(), "NumUnidadeConsumidora is not a whole number"),
            (old_row(DscTipoInterrupcao="?").encode(), "DscTipoInterrupcao is neither Programada nor Não Programada"),
            (b'"' + b"x" * 200_000 + b'"', "it is longer than 65536 bytes"),
        ]
        content = old_file([]) + b"".join(
            line + b"\n" + old_row(NumOrdemInterrupcao=str(number)).encode("latin-1") + b"\n"
            for number, (line, _) in enumerate(lines)
        )
        assert desk.rejected(content) == [(2 * number, why) for number, (_, why) in enumerate(lines, 1)]
        assert len(desk.outages()) == len(lines)

    @pytest.mark.parametrize("code", ["", "140010", "5.2e6", "14001000", "9900100", "GOIANIA", "１４００１００"])
    def test_municipio(self, desk: Desk, code: str) -> None:
        """A município that is no code of IBGE rejects its row, which is never put anywhere else."""
        rejected = desk.rejected(new_file([new_row(CodMunicipioIBGE=code), new_row(CodInterrupcao="2")]))
        assert [line for line, _ in rejected] == [2]
        assert "CodMunicipioIBGE" in rejected[0][1]
        assert desk.units() == [(12727, BOA_VISTA, 120)]

    def test_encoding_that_is_said(self, desk: Desk) -> None:
        """Where UTF-8 is demanded, Latin-1 is rejected line by line instead of being guessed."""
        content = old_file([old_row(), old_row(NumOrdemInterrupcao="2", DscTipoInterrupcao="Programada")])
        assert desk.rejected(content, "--encoding", "utf-8") == [(2, "it is not UTF-8")]

    @pytest.mark.parametrize(
        "content",
        [b"", b"a;b;c\n1;2;3\n", "x;y\n".encode("utf-16"), old_file([]), old_file([old_row(DatFimInterrupcao="")])],
        ids=["empty", "other header", "utf-16", "no row", "no good row"],
    )
    def test_nothing_to_read(self, desk: Desk, content: bytes) -> None:
        """A file of which nothing can be used ends with 1."""
        assert desk.imported(content).code == 1
        assert not desk.outages()

    @pytest.mark.parametrize("words", [["--now-offset", "soon"], ["--zone", "Mars"], ["--encoding", "ebcdic"]])
    def test_command_line(self, desk: Desk, words: list[str]) -> None:
        """What cannot be understood on the command line ends with 2, and nothing is written."""
        assert desk.imported(old_file([old_row()]), *words).code == 2
        assert not desk.outages()

    def test_rejects_into_the_file_itself(self, desk: Desk) -> None:
        """A file is never written over by what is rejected of it."""
        content = old_file([old_row(DatFimInterrupcao="")])
        path = desk.file(content)
        assert desk.invoked("import", path, "--rejects", path).code == 2
        assert Path(path).read_bytes() == content


class TestAgain:
    def test_twice(self, desk: Desk) -> None:
        """The same file again, in either encoding, adds and changes nothing; a corrected count corrects its outage."""
        feeder = {"DscAlimentadorSubestacao": "SÃO JOSÉ"}
        rows = [old_row(NumOrdemInterrupcao=str(number), **feeder) for number in range(5)]
        assert "5 new outages" in desk.imported(old_file(rows)).out
        told = desk.sql("SELECT count(*) FROM outbox")
        assert "0 new outages, 0 changed, 5 as they were" in desk.imported(old_file(rows, "utf-8")).out
        assert desk.sql("SELECT count(*) FROM outbox") == told
        rows[0] = old_row(NumOrdemInterrupcao="0", NumUnidadeConsumidora="10", **feeder)
        assert "0 new outages, 1 changed, 4 as they were" in desk.imported(old_file(rows)).out
        assert len(desk.outages()) == 5

    def test_other_times(self, desk: Desk) -> None:
        """Moved times are those of the same outages: an offset adds none, and `auto` makes the newest start now."""
        first = {"DatInicioInterrupcao": "2024-03-05 09:00:00"}
        content = old_file([old_row(), old_row(NumOrdemInterrupcao="2", **first)])
        desk.imported(content, "--now-offset", "+365d")
        assert [row["started_at"] for row in desk.outages()] == [
            START + timedelta(days=365, hours=-1),
            START + timedelta(days=365),
        ]
        before = datetime.now(UTC)
        assert "2 changed" in desk.imported(content, "--now-offset", "auto").out
        early, late = desk.outages()
        assert before <= late["started_at"] <= datetime.now(UTC)
        assert late["started_at"] - early["started_at"] == timedelta(hours=1)
        assert late["ended_at"] - late["started_at"] == timedelta(minutes=90)

    def test_what_tells_rows_apart(self, desk: Desk) -> None:
        """Another code, agent, conjunto, feeder or start is another outage."""
        differing = ("NumOrdemInterrupcao", "SigAgente", "NumCPFCNPJ", "DscAlimentadorSubestacao")
        rows = [old_row(), *(old_row(**{name: "9"}) for name in differing)]
        rows += [old_row(DatInicioInterrupcao="2024-03-05 10:00:01"), old_row(NumConsumidorConjunto="9")]
        desk.imported(old_file(rows))
        assert len(desk.outages()) == 6


class TestChosen:
    def test_one_distributor(self, desk: Desk) -> None:
        """`--agent` leaves the others' rows alone, the broken ones too; blanks and case do not matter."""
        rows = [old_row(), old_row(SigAgente="CELG", NumOrdemInterrupcao="2", DatFimInterrupcao="")]
        done = desk.imported(old_file(rows), "--agent", "boa vista")
        assert "1 new outages, 0 changed, 0 as they were, 0 rejected, 1 of other distributors" in done.out, done.said

    def test_another_tenant(self, desk: Desk) -> None:
        """`--tenant` writes to that tenant alone; one that nobody knows is refused."""
        other = "01900000-0000-7000-8000-00000000000c"
        desk.sql(
            "INSERT INTO tenants (id, slug, name, version) VALUES ($1, 'other', 'Other', 1) ON CONFLICT DO NOTHING",
            other,
        )
        assert desk.imported(new_file([new_row()]), "--tenant", "other").code == 0
        assert [str(row["tenant_id"]) for row in desk.outages()] == [other]
        with pytest.raises(NotFound, match="nobody"):
            desk.imported(new_file([new_row()]), "--tenant", "nobody")


def test_two_hundred_megabytes(desk: Desk, tmp_path: Path) -> None:
    """A file of 200 MB takes no more memory than one of a hundredth of it; the rows that are asked for come in."""
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    written = [_write(path, size) for path, size in ((small, LARGE // 100), (large, LARGE))]
    little, _ = _measured(desk, small)
    much, seconds = _measured(desk, large)
    print(f"{written[1]} rows in {seconds:.1f} s, at most {much} MB; of 2 MB {little} MB")
    assert len(desk.outages()) == written[1] // 25
    assert much < little + 20


def _write(path: Path, size: int) -> int:
    """A file of at least so many bytes, each 25th row of one distributor; its number of rows."""
    others = (old_row(SigAgente="CELG") + "\r\n").encode("latin-1") * 24
    rows = 0
    with path.open("wb") as file:
        file.write(old_file([]))
        while file.tell() < size:
            file.write(others + (old_row(NumOrdemInterrupcao=str(rows)) + "\r\n").encode("latin-1"))
            rows += 25
    return rows


def _measured(desk: Desk, path: Path) -> tuple[int, float]:
    """The most megabytes that importing held, looked at ten times a second, and its seconds."""
    words = [*COMMAND, "outages", "import", str(path), "--agent", "BOA VISTA"]
    began, most, waiting = time.monotonic(), 0, threading.Event()
    process = subprocess.Popen(
        words, env=surroundings(desk.given), cwd=NOWHERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            most = max(most, psutil.Process(process.pid).memory_info().rss)
        waiting.wait(0.1)
    assert process.returncode == 0
    return most // 2**20, time.monotonic() - began
