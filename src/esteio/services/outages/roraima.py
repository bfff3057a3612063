"""Roraima's municípios and conjuntos, for a first universe.

Which conjunto serves which município is how its distributor files them. How many consumer units are served is invented
here, so that there is something to see: the true numbers are the distributor's to load.
"""

from esteio.services.outages.schemas import Served

MUNICIPIOS: dict[int, str] = {
    1400027: "Amajari",
    1400050: "Alto Alegre",
    1400100: "Boa Vista",
    1400159: "Bonfim",
    1400175: "Cantá",
    1400209: "Caracaraí",
    1400233: "Caroebe",
    1400282: "Iracema",
    1400308: "Mucajaí",
    1400407: "Normandia",
    1400456: "Pacaraima",
    1400472: "Rorainópolis",
    1400506: "São João da Baliza",
    1400605: "São Luiz",
    1400704: "Uiramutã",
}
"""By the code of IBGE."""

SAMPLE: tuple[Served, ...] = tuple(
    Served(conjunto, municipio, served)
    for conjunto, municipio, served in (
        (12727, 1400100, 31_400),
        (12729, 1400100, 24_100),
        (12731, 1400100, 18_700),
        (17354, 1400233, 2_900),
        (17354, 1400506, 2_600),
        (17354, 1400605, 2_400),
        (17355, 1400100, 12_300),
        (17356, 1400209, 3_800),
        (17356, 1400472, 8_900),
        (17357, 1400456, 4_700),
        (17357, 1400704, 1_100),
        (17358, 1400282, 3_200),
        (17358, 1400308, 5_600),
        (17359, 1400100, 15_800),
        (17360, 1400100, 13_900),
        (17361, 1400100, 11_200),
        (17362, 1400100, 9_700),
        (17363, 1400100, 8_300),
        (17364, 1400209, 2_100),
        (17365, 1400159, 3_900),
        (17365, 1400407, 2_300),
    )
)
"""Every pair of its conjuntos and municípios that is listed, with an invented number of consumer units."""
