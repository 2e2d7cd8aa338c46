package main

import (
	"context"
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// What a Fleet gets that names no image, where crd.yaml does not say so already.
const firstImage = "nginx:1"

// Harbourmaster is the operator's webhooks, as kubebuilder scaffolds them: see webhooks.yaml.
type Harbourmaster struct{}

// Default is asked by the mutating webhook: every Fleet that the operator has seen says so, and has an image.
func (Harbourmaster) Default(_ context.Context, fleet *Fleet) error {
	if fleet.Labels == nil {
		fleet.Labels = map[string]string{}
	}
	fleet.Labels["harbour.example.com/registered"] = "true"
	if fleet.Spec.Image == "" {
		fleet.Spec.Image = firstImage
	}
	return nil
}

// ValidateCreate is asked by the validating webhook.
func (Harbourmaster) ValidateCreate(_ context.Context, fleet *Fleet) (admission.Warnings, error) {
	if fleet.Spec.Ships > 2 {
		return admission.Warnings{"the harbour is crowded"}, nil
	}
	return nil, nil
}

// ValidateUpdate refuses to give a fleet up to one ship at once: ships leave one by one.
func (Harbourmaster) ValidateUpdate(_ context.Context, before, fleet *Fleet) (admission.Warnings, error) {
	if fleet.Spec.Ships < before.Spec.Ships-1 {
		return nil, fmt.Errorf("spec.ships: from %d to %d: ships leave one by one", before.Spec.Ships, fleet.Spec.Ships)
	}
	return nil, nil
}

// ValidateDelete is not asked: webhooks.yaml does not name it.
func (Harbourmaster) ValidateDelete(context.Context, *Fleet) (admission.Warnings, error) {
	return nil, nil
}

func addWebhooks(manager ctrl.Manager) error {
	return ctrl.NewWebhookManagedBy(manager, &Fleet{}).
		WithDefaulter(Harbourmaster{}).
		WithValidator(Harbourmaster{}).
		Complete()
}
