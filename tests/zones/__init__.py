"""Domains with one peculiarity each, served by NSD behind Unbound, judged by one run of the whole pipeline."""
