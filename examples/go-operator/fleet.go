package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is what crd.yaml defines.
var GroupVersion = schema.GroupVersion{Group: "harbour.example.com", Version: "v1"}

// Fleet asks for a number of ships. Each ship is a Deployment of its own, named FLEET-0, FLEET-1, ...
type Fleet struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   FleetSpec   `json:"spec"`
	Status FleetStatus `json:"status,omitempty"`
}

// FleetSpec is the user's.
type FleetSpec struct {
	Ships int    `json:"ships"`
	Image string `json:"image"`
}

// FleetStatus is the operator's. `Ships` is how many it keeps; `Ready`, how many of these sail.
type FleetStatus struct {
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	Ships              int   `json:"ships"`
	Ready              int   `json:"ready"`
}

// FleetList is what a list of Fleets answers.
type FleetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Fleet `json:"items"`
}

func addToScheme(scheme *runtime.Scheme) {
	scheme.AddKnownTypes(GroupVersion, &Fleet{}, &FleetList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
}

// What controller-gen would write; by hand, so that `go build` is all it takes.

// DeepCopyObject makes a Fleet a runtime.Object.
func (f *Fleet) DeepCopyObject() runtime.Object {
	copied := *f
	f.ObjectMeta.DeepCopyInto(&copied.ObjectMeta)
	return &copied
}

// DeepCopyObject makes a FleetList a runtime.Object.
func (l *FleetList) DeepCopyObject() runtime.Object {
	copied := *l
	l.ListMeta.DeepCopyInto(&copied.ListMeta)
	copied.Items = make([]Fleet, len(l.Items))
	for index := range l.Items {
		copied.Items[index] = *l.Items[index].DeepCopyObject().(*Fleet)
	}
	return &copied
}
