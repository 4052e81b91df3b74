"""Findings: what AWS would refuse, or take without running it as meant. Pure; `codes` lists them all."""
