package main

import (
	"context"
	"maps"
	"slices"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// A Fleet goes when its ships are gone, so that the next one of its name builds its own.
const finalizer = "harbour.example.com/ships"

// Variant is the one place where the wrong and the fixed operator differ: how a Fleet gets as many ships as it asks for.
type Variant interface {
	Muster(ctx context.Context, yard *Shipyard, fleet *Fleet) error
}

// Reconciler is a Fleet's normal life.
type Reconciler struct {
	yard    *Shipyard
	variant Variant
}

// Reconcile looks at one Fleet and at its ships, and does what is missing.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	fleet := &Fleet{}
	if err := r.yard.Get(ctx, request.NamespacedName, fleet); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !fleet.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.dismiss(ctx, fleet)
	}
	if controllerutil.AddFinalizer(fleet, finalizer) {
		if err := r.yard.Update(ctx, fleet); err != nil {
			return ctrl.Result{}, err
		}
	}
	if err := r.variant.Muster(ctx, r.yard, fleet); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{}, r.report(ctx, fleet)
}

func (r *Reconciler) dismiss(ctx context.Context, fleet *Fleet) error {
	ships, err := r.yard.Ships(ctx, fleet)
	if err != nil {
		return err
	}
	for _, number := range slices.Sorted(maps.Keys(ships)) {
		if err := r.yard.Scrap(ctx, fleet, ships[number]); err != nil {
			return err
		}
	}
	if len(ships) > 0 || !controllerutil.RemoveFinalizer(fleet, finalizer) {
		return nil // the end of each ship is an event that brings us back
	}
	return client.IgnoreNotFound(r.yard.Update(ctx, fleet))
}

// Update, not Patch: a status made from an old cache is refused with 409 and made again.
func (r *Reconciler) report(ctx context.Context, fleet *Fleet) error {
	ships, err := r.yard.Ships(ctx, fleet)
	if err != nil {
		return err
	}
	status := FleetStatus{ObservedGeneration: fleet.Generation, Ships: fleet.Spec.Ships}
	for number, ship := range ships {
		if number < fleet.Spec.Ships && ship.Status.ReadyReplicas == 1 {
			status.Ready++
		}
	}
	if status == fleet.Status {
		return nil
	}
	fleet.Status = status
	return r.yard.Status().Update(ctx, fleet)
}
