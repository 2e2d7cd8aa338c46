package main

import (
	"context"
	"maps"
	"slices"
)

// Fixed compares what is there with what is asked for, and remembers nothing between two passes: a crash after any of
// its writes leaves a state that the next pass, of this process or of another, sees for what it is.
type Fixed struct{}

// Muster scraps every ship above the number asked for, and builds those below it.
func (Fixed) Muster(ctx context.Context, yard *Shipyard, fleet *Fleet) error {
	ships, err := yard.Ships(ctx, fleet)
	if err != nil {
		return err
	}
	for _, number := range slices.Sorted(maps.Keys(ships)) { // the same order each time: a schedule names the n-th write
		if number >= fleet.Spec.Ships {
			if err := yard.Scrap(ctx, fleet, ships[number]); err != nil {
				return err
			}
		}
	}
	for number := range fleet.Spec.Ships {
		if err := yard.Build(ctx, fleet, number); err != nil {
			return err
		}
	}
	return nil
}
