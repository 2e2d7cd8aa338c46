// An operator with controller-runtime, to be tried against a served control plane: see README.md.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

// Shorter than what controller-runtime would take (15 s, 10 s, 2 s; back-off up to 1,000 s), so that a successor is at
// work soon and a trial need not wait.
var (
	leaseDuration = 3 * time.Second
	renewDeadline = 2 * time.Second
	retryPeriod   = 500 * time.Millisecond
	firstRetry    = 5 * time.Millisecond
	longestRetry  = time.Second
)

func main() {
	name := flag.String("variant", "fixed", "which operator to be: fixed or wrong (see wrong.go)")
	elect := flag.Bool("leader-elect", true, "work only while holding the Lease fleet-operator")
	namespace := flag.String("lease-namespace", "default", "where the Lease is")
	port := flag.Int("webhook-port", 0, "serve the webhooks of webhooks.yaml there, on loopback; 0: serve none")
	certificates := flag.String("webhook-cert-dir", "", "where tls.crt and tls.key of the webhooks are")
	flag.Parse()
	ctrl.SetLogger(klog.Background())
	variants := map[string]Variant{"fixed": Fixed{}, "wrong": &Wrong{built: map[types.UID]int{}}}
	variant, known := variants[*name]
	if !known {
		fail(2, fmt.Errorf("-variant=%s is neither fixed nor wrong", *name))
	}
	hooks := webhook.Options{Host: "127.0.0.1", Port: *port, CertDir: *certificates}
	if err := run(variant, *elect, *namespace, hooks); err != nil {
		fail(1, err)
	}
}

func fail(code int, err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(code)
}

func run(variant Variant, elect bool, namespace string, hooks webhook.Options) error {
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	addToScheme(scheme)
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Metrics:                       metricsserver.Options{BindAddress: "0"},
		LeaderElection:                elect,
		LeaderElectionID:              "fleet-operator",
		LeaderElectionNamespace:       namespace,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &leaseDuration,
		RenewDeadline:                 &renewDeadline,
		RetryPeriod:                   &retryPeriod,
		WebhookServer:                 webhook.NewServer(hooks),
	})
	if err != nil {
		return err
	}
	yard := &Shipyard{Client: manager.GetClient(), recorder: manager.GetEventRecorder("fleet-operator")}
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, longestRetry)
	err = ctrl.NewControllerManagedBy(manager).
		For(&Fleet{}).
		Owns(&appsv1.Deployment{}).
		WithOptions(controller.Options{RateLimiter: limiter}).
		Complete(&Reconciler{yard: yard, variant: variant})
	if err != nil {
		return err
	}
	if hooks.Port != 0 {
		if err := addWebhooks(manager); err != nil {
			return err
		}
	}
	return manager.Start(ctrl.SetupSignalHandler())
}
