"""Every resource a Kubernetes 1.34 API server serves with its default flags, as a table.

A kind appears once, in its preferred stable version; Events and HorizontalPodAutoscalers twice, because both of their
versions are in daily use. Alpha and beta versions are off by default in 1.34 and are in `OFF_BY_DEFAULT`, which nothing
serves: asking for one is answered as a real cluster answers, with 404. Review kinds (TokenReview, ...) are listed, but
evaluate nothing here; streaming subresources (exec, attach, portforward, proxy) are left out. Kinds of built-ins carry
no schema: objects are stored as given, after the defaulting and the validation that controllers meet
(`apiserver/defaults.py`, `apiserver/builtin_validation.py`).

Source: `kubectl api-resources -o wide` and the API reference of Kubernetes 1.34.
"""

from typing import Final

from reference_impl.kinds import KindInfo

_TABLE: Final = """
v1:
  Binding                          bindings                          ns -        -
  ComponentStatus                  componentstatuses                 -  cs       -
  ConfigMap                        configmaps                        ns cm       -
  Endpoints                        endpoints                         ns ep       -
  Event                            events                            ns ev       -
  LimitRange                       limitranges                       ns limits   -
  Namespace                        namespaces                        -  ns       status,finalize
  Node                             nodes                             -  no       status
  PersistentVolume                 persistentvolumes                 -  pv       status
  PersistentVolumeClaim            persistentvolumeclaims            ns pvc      status
  Pod                              pods                    ns po status,binding,eviction,ephemeralcontainers,resize,log
  PodTemplate                      podtemplates                      ns -        -
  ReplicationController            replicationcontrollers            ns rc       status,scale
  ResourceQuota                    resourcequotas                    ns quota    status
  Secret                           secrets                           ns -        -
  Service                          services                          ns svc      status
  ServiceAccount                   serviceaccounts                   ns sa       token
admissionregistration.k8s.io/v1:
  MutatingWebhookConfiguration     mutatingwebhookconfigurations     -  -        -
  ValidatingAdmissionPolicy        validatingadmissionpolicies       -  -        status
  ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings -  -        -
  ValidatingWebhookConfiguration   validatingwebhookconfigurations   -  -        -
apiextensions.k8s.io/v1:
  CustomResourceDefinition         customresourcedefinitions         -  crd,crds status
apiregistration.k8s.io/v1:
  APIService                       apiservices                       -  -        status
apps/v1:
  ControllerRevision               controllerrevisions               ns -        -
  DaemonSet                        daemonsets                        ns ds       status
  Deployment                       deployments                       ns deploy   status,scale
  ReplicaSet                       replicasets                       ns rs       status,scale
  StatefulSet                      statefulsets                      ns sts      status,scale
authentication.k8s.io/v1:
  SelfSubjectReview                selfsubjectreviews                -  -        -
  TokenReview                      tokenreviews                      -  -        -
authorization.k8s.io/v1:
  LocalSubjectAccessReview         localsubjectaccessreviews         ns -        -
  SelfSubjectAccessReview          selfsubjectaccessreviews          -  -        -
  SelfSubjectRulesReview           selfsubjectrulesreviews           -  -        -
  SubjectAccessReview              subjectaccessreviews              -  -        -
autoscaling/v2:
  HorizontalPodAutoscaler          horizontalpodautoscalers          ns hpa      status
autoscaling/v1:
  HorizontalPodAutoscaler          horizontalpodautoscalers          ns hpa      status
batch/v1:
  CronJob                          cronjobs                          ns cj       status
  Job                              jobs                              ns -        status
certificates.k8s.io/v1:
  CertificateSigningRequest        certificatesigningrequests        -  csr      status,approval
coordination.k8s.io/v1:
  Lease                            leases                            ns -        -
discovery.k8s.io/v1:
  EndpointSlice                    endpointslices                    ns -        -
events.k8s.io/v1:
  Event                            events                            ns ev       -
flowcontrol.apiserver.k8s.io/v1:
  FlowSchema                       flowschemas                       -  -        status
  PriorityLevelConfiguration       prioritylevelconfigurations       -  -        status
networking.k8s.io/v1:
  IPAddress                        ipaddresses                       -  ip       -
  Ingress                          ingresses                         ns ing      status
  IngressClass                     ingressclasses                    -  -        -
  NetworkPolicy                    networkpolicies                   ns netpol   -
  ServiceCIDR                      servicecidrs                      -  -        status
node.k8s.io/v1:
  RuntimeClass                     runtimeclasses                    -  -        -
policy/v1:
  PodDisruptionBudget              poddisruptionbudgets              ns pdb      status
rbac.authorization.k8s.io/v1:
  ClusterRole                      clusterroles                      -  -        -
  ClusterRoleBinding               clusterrolebindings               -  -        -
  Role                             roles                             ns -        -
  RoleBinding                      rolebindings                      ns -        -
resource.k8s.io/v1:
  DeviceClass                      deviceclasses                     -  -        -
  ResourceClaim                    resourceclaims                    ns -        status
  ResourceClaimTemplate            resourceclaimtemplates            ns -        -
  ResourceSlice                    resourceslices                    -  -        -
scheduling.k8s.io/v1:
  PriorityClass                    priorityclasses                   -  pc       -
storage.k8s.io/v1:
  CSIDriver                        csidrivers                        -  -        -
  CSINode                          csinodes                          -  -        -
  CSIStorageCapacity               csistoragecapacities              ns -        -
  StorageClass                     storageclasses                    -  sc       -
  VolumeAttachment                 volumeattachments                 -  -        status
  VolumeAttributesClass            volumeattributesclasses           -  vac      -
"""

_OFF_BY_DEFAULT_TABLE: Final = """
admissionregistration.k8s.io/v1beta1:
  MutatingAdmissionPolicy        mutatingadmissionpolicies       -  - -
  MutatingAdmissionPolicyBinding mutatingadmissionpolicybindings -  - -
certificates.k8s.io/v1beta1:
  ClusterTrustBundle             clustertrustbundles             -  - -
certificates.k8s.io/v1alpha1:
  PodCertificateRequest          podcertificaterequests          ns - status
coordination.k8s.io/v1beta1:
  LeaseCandidate                 leasecandidates                 ns - -
internal.apiserver.k8s.io/v1alpha1:
  StorageVersion                 storageversions                 -  - status
resource.k8s.io/v1alpha3:
  DeviceTaintRule                devicetaintrules                -  - -
storagemigration.k8s.io/v1alpha1:
  StorageVersionMigration        storageversionmigrations        -  - status
"""


def _read(table: str) -> tuple[KindInfo, ...]:
    """Columns: kind, plural, ns (namespaced) or -, short names, subresources; under a line with the apiVersion."""
    kinds = []
    api_version = ""
    for line in table.strip().splitlines():
        if line.endswith(":"):
            api_version = line.removesuffix(":")
            continue
        kind, plural, scope, short_names, subresources = line.split()
        group, _, version = api_version.rpartition("/")
        kinds.append(
            KindInfo(
                group=group,
                version=version,
                kind=kind,
                plural=plural,
                namespaced=scope == "ns",
                short_names=() if short_names == "-" else tuple(short_names.split(",")),
                subresources=frozenset() if subresources == "-" else frozenset(subresources.split(",")),
            )
        )
    return tuple(kinds)


BUILTIN_KINDS: Final[tuple[KindInfo, ...]] = _read(_TABLE)
"""What a default cluster serves. Where a kind has two versions, the preferred one comes first."""

OFF_BY_DEFAULT: Final[tuple[KindInfo, ...]] = _read(_OFF_BY_DEFAULT_TABLE)
"""Kinds of 1.34 that exist in alpha or beta only, and that a default cluster does not serve."""

EVERY_KIND_CONTROLLERS: Final = ("garbage-collector", "namespace")
"""Controllers that look at all kinds: owner references, and the contents of a terminating namespace."""

CONTROLLER_OF: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("", "Namespace"): ("namespace",),
    ("", "Node"): ("node-lifecycle", "kubelet"),
    ("", "Pod"): ("scheduler", "kubelet"),
    ("", "Service"): ("endpointslice", "load-balancer"),
    ("apps", "Deployment"): ("deployment",),
    ("apps", "ReplicaSet"): ("replicaset",),
    ("apps", "StatefulSet"): ("statefulset",),
    ("batch", "Job"): ("job",),
    ("discovery.k8s.io", "EndpointSlice"): ("endpointslice",),
    ("policy", "PodDisruptionBudget"): ("disruption",),
}
"""(group, kind) -> the built-in controllers of this reference implementation that make the kind do something. A kind
that is absent is stored, validated where controllers meet a rule, and watched; nothing acts on it except
`EVERY_KIND_CONTROLLERS`."""
