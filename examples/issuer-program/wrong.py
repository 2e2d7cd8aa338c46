"""Wrong: its first lists are at resourceVersion 0, as informers have them: any API server may answer from its watch
cache, however old. Restarted, it is told of a past in which it has not asked yet, and asks a second time.

Real cases: kubernetes#59848; cert-manager#4956.
"""

from issuer import Issuer

Issuer(first_list_at="0").run()
