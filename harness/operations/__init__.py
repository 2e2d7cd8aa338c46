"""What the weather can do to a world besides changing one message: crash, pause, partition, lag, skew, compact, ...

A fault names an operation in its verdict (`Verdict.act("pause", component=..., seconds=...)`); the table at the end is
the registry. Each answers whether it changed anything: what changes nothing has not fired, and has written no trace.
The message that the fault struck comes as `command` or `stream`.
"""

from harness.operations.lives import (
    Operation,
    crash,
    drift_clock,
    list_order,
    node_crash,
    overlap,
    pause,
    skew_clock,
    time_travel,
)
from harness.operations.outside import external_drift, stale_list
from harness.operations.requests import deny, touch
from harness.operations.servers import compact, partition, replica_lag, server_crash, switch_server
from harness.operations.streams import (
    cut_stream,
    hold_all,
    hold_stream,
    hold_until_another,
    relist,
    resync,
    split_delivery,
)
from harness.operations.users import corrupt, delete_owned, user_delete, user_patch, vandalize

OPERATIONS: dict[str, Operation] = {
    operation.__name__: operation
    for operation in (
        crash,
        pause,
        time_travel,
        overlap,
        skew_clock,
        drift_clock,
        list_order,
        node_crash,
        hold_stream,
        hold_all,
        hold_until_another,
        cut_stream,
        relist,
        resync,
        split_delivery,
        replica_lag,
        switch_server,
        partition,
        server_crash,
        compact,
        deny,
        touch,
        user_delete,
        user_patch,
        delete_owned,
        vandalize,
        corrupt,
        external_drift,
        stale_list,
    )
}
