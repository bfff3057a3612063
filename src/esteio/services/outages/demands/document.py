"""What the OpenAPI document of ANEEL's contract says of demands; the members' names and order are taken from here."""

from typing import Any

from esteio.services.outages.regulator.document import CONTENT, SAMPLE


def _code(words: str, least: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most, "description": words}


def _text(words: str, most: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most, "description": words}


def _number(words: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 0, "description": words}


_TYPOLOGY = {"type": "string", "pattern": "^[0-9]{7}$", "description": "Código da REH 2.992/2021, Anexo I"}
_CHANNEL = _code(
    "1 presencial, 2 telefônico, 3 agência virtual, 4 consumidor.gov, 5 aplicativo, 6 e-mail, 7 SMS, "
    "8 redes sociais, 9 outros, 10 chatbot, 11 chat humano, 12 WhatsApp",
    1,
    12,
)
_WRITTEN = "dd/mm/aaaa hh:mm, horário de Brasília"
COUNTED: dict[str, dict[str, Any]] = {
    "idcNivelAtendimento": _code("1 primeiro nível, 2 ouvidoria", 1, 2),
    "idcCanalAtendimento": _CHANNEL,
    "idcTipologia": _TYPOLOGY,
    "qtdAndamentoNoMomento": _number("Demandas em andamento agora"),
    "qtdRegistradaNoDia": _number("Registradas desde as 00:00"),
    "qtdImprocedenteNoDia": _number("Encerradas desde as 00:00 como improcedentes"),
    "qtdProcedenteNoDia": _number("Encerradas desde as 00:00 como procedentes"),
    "qtdSemProcedenciaNoDia": _number("Encerradas desde as 00:00 sem procedência definida"),
}
DEMAND: dict[str, dict[str, Any]] = {
    "numProtocolo": _text("Protocolo da demanda", 30),
    "numUC": _text("Número da unidade consumidora", 15),
    "numCPFCNPJ": _text("CPF ou CNPJ do titular, sem pontuação", 14),
    "nomeTitularUC": _text("Nome do titular da unidade consumidora", 50),
    "idcCanalAtendimento": _CHANNEL,
    "idcTipologia": _TYPOLOGY,
    "idcStatus": _code("0 em andamento, 1 encerrada, 2 outros", 0, 2),
    "idcProcedencia": _code("0 improcedente, 1 procedente, 2 em tratamento, 3 outros", 0, 3),
    "dthAbertura": {"type": "string", "description": _WRITTEN},
    "dthEncerramento": {"type": ["string", "null"], "description": f"{_WRITTEN}; nulo enquanto não encerrada"},
    "ideMunicipio": _number("Código IBGE do município"),
    "idcNivelTratamento": _code("0 primeiro nível, 1 ouvidoria, 2 outros", 0, 2),
}

COUNTS_DESCRIBED: dict[str, Any] = {
    CONTENT: {
        "type": "array",
        "maxItems": 2 * 12 * 117,
        "description": "Uma linha por nível, canal e tipologia com algum valor; vazia se não há nenhuma, e em caso de "
        "erro",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": list(COUNTED),
            "properties": COUNTED,
        },
    },
    SAMPLE: [dict(zip(COUNTED, (1, 2, "1020604", 12, 5, 1, 3, 0), strict=True))],
}
DEMAND_DESCRIBED: dict[str, Any] = {
    "parameters": [
        {
            "name": "numProtocolo",
            "in": "query",
            "required": True,
            "description": "Protocolo da demanda",
            "schema": {"type": "string", "minLength": 1, "maxLength": 30},
            "example": "20261121000042",
        }
    ],
    CONTENT: {
        "type": ["object", "null"],
        "description": "A demanda; nulo se o protocolo não existe ou foi encerrado há mais de seis meses, e em caso de "
        "erro",
        "additionalProperties": False,
        "required": list(DEMAND),
        "properties": DEMAND,
    },
    SAMPLE: dict(
        zip(
            DEMAND,
            (
                "20261121000042",
                "0012345678",
                "12345678909",
                "Maria Exemplo",
                2,
                "1020604",
                1,
                1,
                "20/11/2026 12:04",
                "20/11/2026 15:30",
                1400100,
                0,
            ),
            strict=True,
        )
    ),
}
