"""ANEEL's open data "Interrupções de Energia Elétrica nas Redes de Distribuição" as CSV, row by row."""
