"""Desired × live → Plan, as data: reports read it, apply carries it out, guards look at it."""
