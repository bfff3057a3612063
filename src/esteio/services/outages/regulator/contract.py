"""ANEEL's contract of project RADAR: the members of its answers, their order, and the words of its refusals."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from esteio.base.errors import (
    EsteioError,
    Forbidden,
    Invalid,
    InvalidCredentials,
    MethodNotAllowed,
    MisdirectedHost,
    RateLimited,
    Unauthenticated,
)
from esteio.http.answers import dumps
from esteio.services.outages.active import Count
from esteio.services.outages.errors import AddressNotAllowed
from esteio.services.outages.settings import OutagesSettings

SUCCESS, FAILURE = 1, 2
"""`idcStatusRequisicao`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The member of an answer that holds what was asked for, and its value where there is nothing to tell.

    Without a `head` it has neither `desStatusRequisicao` nor `emailIndisponibilidade`, unless the settings say so.
    """

    member: str
    empty: Any
    head: bool = True


INTERRUPTIONS = Shape("interrupcaoFornecimento", ())


@dataclass(frozen=True, slots=True)
class Words:
    """`desStatusRequisicao` and `mensagem`."""

    status: str
    message: str


GRANTED = Words("Sucesso", "")
MISSING_KEY = Words("Autenticacao necessaria", "Header x-api-key nao fornecido")
WRONG_KEY = Words("Autenticacao falhou", "API Key invalida ou expirada")
WRONG_ADDRESS = Words("Acesso negado", "Endereço IP não autorizado")
NO_PERMISSION = Words("Acesso negado", "API Key sem permissão para esta consulta")
WRONG_METHOD = Words("Método não permitido", "Utilize o método GET")
WRONG_HOST = Words("Host não atendido", "O host solicitado não é atendido por este servidor")
TOO_MANY = Words("Limite de requisições excedido", "Aguarde os segundos indicados em Retry-After")
WRONG_MOMENT = Words("Parâmetro inválido", "dthRecuperacao deve ser uma data válida no formato dd/mm/aaaa hh:mm")
WRONG_REQUEST = Words("Parâmetro inválido", "A requisição tem parâmetros inválidos")
OUTSIDE_WINDOW = Words("Período fora da janela de recuperação", "Período fora da janela de recuperação")
FAILED = Words("Serviço indisponível", "Não foi possível atender à requisição no momento")

REFUSALS: tuple[tuple[type[EsteioError], int, Words], ...] = (
    (InvalidCredentials, 401, WRONG_KEY),
    (Unauthenticated, 401, MISSING_KEY),
    (AddressNotAllowed, 403, WRONG_ADDRESS),
    (Forbidden, 403, NO_PERMISSION),
    (MethodNotAllowed, 405, WRONG_METHOD),
    (MisdirectedHost, 421, WRONG_HOST),
    (RateLimited, 429, TOO_MANY),
    (Invalid, 200, WRONG_REQUEST),
    (EsteioError, 200, FAILED),
)
"""The first that an error is of says its status and words: all but the refusals of the gate are a 200 that failed."""


class Contract:
    """Writes the answers of one operation, in the form and with the address of the settings."""

    def __init__(self, shape: Shape, settings: OutagesSettings) -> None:
        self.shape = shape
        self._head = shape.head or settings.siblings_head
        self._legacy = settings.form == "legacy"
        self._email = settings.email
        before, _, after = self._whole(SUCCESS, GRANTED, None).rpartition(b"null")
        self._before, self._after = before, after
        self._refusals = {words: self.failure(words) for _, _, words in REFUSALS}

    def success(self, content: bytes) -> bytes:
        """The answer around what was asked for, which is JSON already."""
        return b"".join((self._before, content, self._after))

    def failure(self, words: Words) -> bytes:
        """The answer that tells a failure: everything is there, and nothing in it."""
        return self._whole(FAILURE, words, self.shape.empty)

    def refusal(self, error: EsteioError) -> tuple[int, bytes]:
        """Status and body for an error of the tree. Its own words and its cause stay here."""
        status, words = next((status, words) for kind, status, words in REFUSALS if isinstance(error, kind))
        return status, self._refusals[words]

    def members(self, outcome: int, words: Words, content: Any) -> dict[str, Any]:
        """What an answer consists of, in its order."""
        members: dict[str, Any] = {"idcStatusRequisicao": outcome}
        if self._head and self._legacy:
            members["desStatusRequisicao"] = words.status
        if self._head:
            members["emailIndisponibilidade"] = self._email
        members["mensagem"] = words.message
        members[self.shape.member] = content
        return members

    def _whole(self, outcome: int, words: Words, content: Any) -> bytes:
        return dumps(self.members(outcome, words, content))


def interruptions(counts: Iterable[Count]) -> bytes:
    """`interrupcaoFornecimento`."""
    return dumps(
        [
            {
                "ideConjuntoUnidadeConsumidora": count.conjunto,
                "ideMunicipio": count.municipio,
                "qtdUCsAtendidas": count.served,
                "qtdOcorrenciaProgramada": count.planned,
                "qtdOcorrenciaNaoProgramada": count.unplanned,
            }
            for count in counts
        ]
    )
