"""SPF: one valid record that ends in a refusal and does not let the whole world send (RFC 7208)."""

from compliance.checks.registry import Parameters, Scope, check, failed, not_applicable, passed, resting_on
