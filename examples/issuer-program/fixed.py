"""Right: nothing is made before a list at the most recent version has shown that it is not there yet."""

from issuer import Issuer

Issuer(first_list_at=None).run()
