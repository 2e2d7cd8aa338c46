package main

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
)

// Wrong keeps count instead of looking: it knows how many ships it has built, in memory and, for the process after this
// one, in the Fleet's status.
//
// THE BUG: the status is written before the deeds. When a Fleet grows that is right: what is claimed and was not built
// is built by the next pass. When it shrinks it is wrong: the status says "1" while three ships sail, and if the process
// dies between this write and the deletes, its successor reads "1" and knows of nothing to scrap. The surplus ships are
// owned by a Fleet that lives, so the garbage collector keeps them too: they stay until the Fleet goes.
//
// The weather that shows it: a crash (kill -9, or the loss of the Lease) between the write of the status and the last
// delete, after an edit that lowers spec.ships. Nothing milder does: after an error, a lost answer or a stale read this
// process tries again, and still remembers.
type Wrong struct {
	built map[types.UID]int
}

// Muster claims, scraps what it remembers to be too many, and builds.
func (w *Wrong) Muster(ctx context.Context, yard *Shipyard, fleet *Fleet) error {
	known := max(w.built[fleet.UID], fleet.Status.Ships)
	w.built[fleet.UID] = max(known, fleet.Spec.Ships)
	if fleet.Status.Ships != fleet.Spec.Ships {
		fleet.Status.Ships = fleet.Spec.Ships
		if err := yard.Status().Update(ctx, fleet); err != nil {
			return err
		}
	}
	for number := fleet.Spec.Ships; number < known; number++ {
		if err := yard.Scrap(ctx, fleet, named(fleet, number)); err != nil {
			return err
		}
	}
	w.built[fleet.UID] = fleet.Spec.Ships
	for number := range fleet.Spec.Ships {
		if err := yard.Build(ctx, fleet, number); err != nil {
			return err
		}
	}
	return nil
}
