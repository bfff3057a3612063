"""Files as ANEEL publishes them, with invented interruptions."""

from collections.abc import Iterable, Mapping

OLD_COLUMNS = (
    "DatGeracaoConjuntoDados",
    "IdeConjuntoUnidadeConsumidora",
    "DscConjuntoUnidadeConsumidora",
    "DscAlimentadorSubestacao",
    "DscSubestacaoDistribuicao",
    "NumOrdemInterrupcao",
    "DscTipoInterrupcao",
    "IdeMotivoInterrupcao",
    "DatInicioInterrupcao",
    "DatFimInterrupcao",
    "DscFatoGeradorInterrupcao",
    "NumNivelTensao",
    "NumUnidadeConsumidora",
    "NumConsumidorConjunto",
    "NumAno",
    "NomAgenteRegulado",
    "SigAgente",
    "NumCPFCNPJ",
)
NEW_COLUMNS = (
    "DatGeracaoConjuntoDados",
    "NumCNPJDistribuidora",
    "NomAgente",
    "SigAgente",
    "CodMunicipioIBGE",
    "CodInterrupcao",
    "CodEvento",
    "CodOcorrencia",
    "CodConjUnidadeConsumidora",
    "DscConjuntoUnidadeConsumidora",
    "CodAlimentador",
    "CodSubestacao",
    "AnoCompetencia",
    "MesCompetencia",
    "DscLocalizacaoInterrupcao",
    "DscMotivoExpurgo",
    "DatInicioInterrupcao",
    "DatFimInterrupcao",
    "DscFatoGeradorOrigem",
    "DscFatoGeradorTipo",
    "DscFatoGeradorCausa",
    "DscFatoGeradorDetalhe",
    "NumNivelTensao",
    "QtdConsumidoresAfetados",
    "QtdConsumidoresAtivos",
    "DscTipoElementoInterrompido",
)
_OLD: Mapping[str, str] = {
    "DatGeracaoConjuntoDados": "2024-05-01",
    "IdeConjuntoUnidadeConsumidora": "12727",
    "DscConjuntoUnidadeConsumidora": "CENTRO",
    "DscAlimentadorSubestacao": "AL-03",
    "DscSubestacaoDistribuicao": "SE CENTRO",
    "NumOrdemInterrupcao": "1",
    "DscTipoInterrupcao": "Não Programada",
    "IdeMotivoInterrupcao": "0",
    "DatInicioInterrupcao": "2024-03-05 10:00:00",
    "DatFimInterrupcao": "2024-03-05 11:30:00",
    "DscFatoGeradorInterrupcao": "INTERNA;NAO PROGRAMADA;MEIO AMBIENTE;VENTO",
    "NumNivelTensao": "13,8",
    "NumUnidadeConsumidora": "120",
    "NumConsumidorConjunto": "31400",
    "NumAno": "2024",
    "NomAgenteRegulado": "RORAIMA ENERGIA S.A",
    "SigAgente": "BOA VISTA           ",
    "NumCPFCNPJ": "2341470000144",
}
_NEW: Mapping[str, str] = {
    "NumCNPJDistribuidora": "02341470000144",
    "SigAgente": "BOA VISTA",
    "CodMunicipioIBGE": "1400100",
    "CodInterrupcao": "1",
    "CodEvento": "70",
    "CodOcorrencia": "800",
    "CodConjUnidadeConsumidora": "12727",
    "DatInicioInterrupcao": "2026-03-05 10:00:00.0000000",
    "DatFimInterrupcao": "2026-03-05 11:30:00.0000000",
    "DscFatoGeradorTipo": "NAO PROGRAMADA",
    "NumNivelTensao": "13,8",
    "QtdConsumidoresAfetados": "120",
    "QtdConsumidoresAtivos": "31400",
}


def old_row(**members: str) -> str:
    """A line of the layout of 2017, every cell in quotes."""
    told = {**_OLD, **members}
    return ";".join(f'"{told[name]}"' for name in OLD_COLUMNS)


def new_row(**members: str) -> str:
    """A line of the layout of 2026, bare."""
    told = {**_NEW, **members}
    return ";".join(told.get(name, "") for name in NEW_COLUMNS)


def old_file(rows: Iterable[str], encoding: str = "latin-1") -> bytes:
    return "\r\n".join([";".join(OLD_COLUMNS), *rows, ""]).encode(encoding)


def new_file(rows: Iterable[str], encoding: str = "utf-8") -> bytes:
    return "\r\n".join([";".join(NEW_COLUMNS), *rows, ""]).encode(encoding)
