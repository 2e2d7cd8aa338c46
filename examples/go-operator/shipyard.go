package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

const shipLabel = "harbour.example.com/ship"

// Shipyard builds and scraps ships, and says so in Events.
type Shipyard struct {
	client.Client
	recorder events.EventRecorder
}

// Ships are the Deployments that this very Fleet controls, by number, as our cache has them.
func (y *Shipyard) Ships(ctx context.Context, fleet *Fleet) (map[int]*appsv1.Deployment, error) {
	listed := &appsv1.DeploymentList{}
	if err := y.List(ctx, listed, client.InNamespace(fleet.Namespace)); err != nil {
		return nil, err
	}
	ships := map[int]*appsv1.Deployment{}
	for index := range listed.Items {
		ship := &listed.Items[index]
		number, err := strconv.Atoi(strings.TrimPrefix(ship.Name, fleet.Name+"-"))
		if err == nil && metav1.IsControlledBy(ship, fleet) {
			ships[number] = ship
		}
	}
	return ships, nil
}

// Build creates or corrects a ship. Its name follows from its number, so that a repeated create makes no second one.
func (y *Shipyard) Build(ctx context.Context, fleet *Fleet, number int) error {
	ship := named(fleet, number)
	result, err := controllerutil.CreateOrUpdate(ctx, y.Client, ship, func() error {
		design(ship, fleet.Spec.Image)
		return controllerutil.SetControllerReference(fleet, ship, y.Scheme())
	})
	if err != nil {
		return fmt.Errorf("building %s: %w", ship.Name, err)
	}
	if result == controllerutil.OperationResultCreated {
		y.recorder.Eventf(fleet, ship, corev1.EventTypeNormal, "Built", "Build", "ship %d was built", number)
	}
	return nil
}

// Scrap deletes a ship: this very one, if we have seen it; the one of its name otherwise.
func (y *Shipyard) Scrap(ctx context.Context, fleet *Fleet, ship *appsv1.Deployment) error {
	if !ship.DeletionTimestamp.IsZero() {
		return nil
	}
	options := []client.DeleteOption{client.PropagationPolicy(metav1.DeletePropagationBackground)}
	if ship.UID != "" {
		options = append(options, client.Preconditions{UID: &ship.UID})
	}
	if err := y.Delete(ctx, ship, options...); err != nil {
		return client.IgnoreNotFound(err)
	}
	y.recorder.Eventf(fleet, nil, corev1.EventTypeNormal, "Scrapped", "Scrap", "%s was scrapped", ship.Name)
	return nil
}

func named(fleet *Fleet, number int) *appsv1.Deployment {
	name := fmt.Sprintf("%s-%d", fleet.Name, number)
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: fleet.Namespace}}
}

// Only the fields that are ours: what the server has filled in stays, or each pass would write again.
func design(ship *appsv1.Deployment, image string) {
	labels := map[string]string{shipLabel: ship.Name}
	one := int32(1)
	ship.Spec.Replicas = &one
	if ship.Spec.Selector == nil {
		ship.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
		ship.Spec.Template.Labels = labels
	}
	containers := &ship.Spec.Template.Spec.Containers
	if len(*containers) == 0 {
		*containers = []corev1.Container{{Name: "ship"}}
	}
	(*containers)[0].Image = image
}
