"""Mercado Pago: how it is asked, how it signs, and what of its answers is believed."""
