"""History is compacted: watches from before it and continue tokens get 410 Gone, whoever resumes has to list again."""

from dataclasses import dataclass

from harness.contract import Draw, Message, Moment, Verdict
from harness.occasion import is_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    name: str = "compaction"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses; etcd compaction"

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Moment) or (
            is_request(occasion) and isinstance(occasion, Message) and occasion.verb in ("list", "watch")
        )

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.act("compact", keep=draw.integer("keep", 0, 20))
