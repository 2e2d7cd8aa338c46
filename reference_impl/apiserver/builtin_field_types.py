"""How the fields of built-in kinds are owned and merged, as a table: only what is special.

A row is a type (a kind by its name, with its apiVersion where two kinds share one) and its fields that are not plain:
`atomic` one owner for the whole object, `[]` a list that is a set, `[key,key] Type` a list merged by keys, `{}` a map
(keys are data, not fields), `Type` a struct that has a row. All else are structs whose fields merge and lists that are
replaced whole. ObjectMeta, which every kind has, is not repeated.

Source: the extensions x-kubernetes-{list-type,list-map-keys,map-type,patch-strategy} in the OpenAPI definitions of
Kubernetes 1.34.
"""

from typing import Any, Final

DEFAULT_KEYS: Final[dict[str, Any]] = {"protocol": "TCP"}
"""Defaults of key fields: ports of containers and Services are told apart by number and protocol."""

EVER_PRESENT: Final = frozenset(
    {"metadata", "spec", "status", "strategy", "updateStrategy", "template", "jobTemplate", "loadBalancer"}
)
"""Structs that Go holds by value: nobody is ever recorded as having added one. (A ReplicationController's template is
held by pointer; the difference is one "." in its managedFields.)"""

TABLE: Final = """
ObjectMeta: annotations {}; finalizers []; labels {}; ownerReferences [uid] atomic
ConfigMap: binaryData {}; data {}
v1 Event: involvedObject atomic; related atomic
Namespace: status NamespaceStatus
NamespaceStatus: conditions [type]
Node: spec NodeSpec; status NodeStatus
NodeSpec: podCIDRs []
NodeStatus: addresses [type]; allocatable {}; capacity {}; conditions [type]
PersistentVolume: spec PersistentVolumeSpec
PersistentVolumeSpec: capacity {}; cephfs CephFSPersistentVolumeSource; cinder CinderPersistentVolumeSource;
    claimRef atomic; csi CSIPersistentVolumeSource; flexVolume FlexPersistentVolumeSource; iscsi
    ISCSIPersistentVolumeSource; nodeAffinity VolumeNodeAffinity; rbd RBDPersistentVolumeSource; scaleIO
    ScaleIOPersistentVolumeSource; storageos StorageOSPersistentVolumeSource
CephFSPersistentVolumeSource: secretRef atomic
CinderPersistentVolumeSource: secretRef atomic
CSIPersistentVolumeSource: controllerExpandSecretRef atomic; controllerPublishSecretRef atomic; nodeExpandSecretRef
    atomic; nodePublishSecretRef atomic; nodeStageSecretRef atomic; volumeAttributes {}
FlexPersistentVolumeSource: options {}; secretRef atomic
ISCSIPersistentVolumeSource: secretRef atomic
VolumeNodeAffinity: required atomic
RBDPersistentVolumeSource: secretRef atomic
ScaleIOPersistentVolumeSource: secretRef atomic
StorageOSPersistentVolumeSource: secretRef atomic
PersistentVolumeClaim: spec PersistentVolumeClaimSpec; status PersistentVolumeClaimStatus
PersistentVolumeClaimSpec: dataSource atomic; resources VolumeResourceRequirements; selector atomic
VolumeResourceRequirements: limits {}; requests {}
PersistentVolumeClaimStatus: allocatedResourceStatuses {}; allocatedResources {}; capacity {}; conditions [type]
Pod: spec PodSpec; status PodStatus
PodSpec: affinity Affinity; containers [name] Container; ephemeralContainers [name] EphemeralContainer; hostAliases
    [ip]; imagePullSecrets [name] atomic; initContainers [name] Container; nodeSelector atomic; overhead {};
    resourceClaims [name]; resources ResourceRequirements; schedulingGates [name]; topologySpreadConstraints
    [topologyKey,whenUnsatisfiable] TopologySpreadConstraint; volumes [name] Volume
Affinity: nodeAffinity NodeAffinity
NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution atomic
Container: env [name] EnvVar; ports [containerPort,protocol]; resources ResourceRequirements; volumeDevices
    [devicePath]; volumeMounts [mountPath]
EnvVar: valueFrom EnvVarSource
EnvVarSource: configMapKeyRef atomic; fieldRef atomic; fileKeyRef atomic; resourceFieldRef atomic; secretKeyRef
    atomic
ResourceRequirements: claims [name]; limits {}; requests {}
EphemeralContainer: env [name] EnvVar; ports [containerPort,protocol]; resources ResourceRequirements; volumeDevices
    [devicePath]; volumeMounts [mountPath]
TopologySpreadConstraint: labelSelector atomic
Volume: cephfs CephFSVolumeSource; cinder CinderVolumeSource; csi CSIVolumeSource; ephemeral EphemeralVolumeSource;
    flexVolume FlexVolumeSource; iscsi ISCSIVolumeSource; rbd RBDVolumeSource; scaleIO ScaleIOVolumeSource;
    storageos StorageOSVolumeSource
CephFSVolumeSource: secretRef atomic
CinderVolumeSource: secretRef atomic
CSIVolumeSource: nodePublishSecretRef atomic; volumeAttributes {}
EphemeralVolumeSource: volumeClaimTemplate PersistentVolumeClaimTemplate
PersistentVolumeClaimTemplate: metadata ObjectMeta; spec PersistentVolumeClaimSpec
FlexVolumeSource: options {}; secretRef atomic
ISCSIVolumeSource: secretRef atomic
RBDVolumeSource: secretRef atomic
ScaleIOVolumeSource: secretRef atomic
StorageOSVolumeSource: secretRef atomic
PodStatus: conditions [type]; podIPs [ip]; resourceClaimStatuses [name]
PodTemplate: template PodTemplateSpec
PodTemplateSpec: metadata ObjectMeta; spec PodSpec
ReplicationController: spec ReplicationControllerSpec; status ReplicationControllerStatus
ReplicationControllerSpec: selector atomic; template PodTemplateSpec
ReplicationControllerStatus: conditions [type]
ResourceQuota: spec ResourceQuotaSpec; status ResourceQuotaStatus
ResourceQuotaSpec: hard {}; scopeSelector atomic
ResourceQuotaStatus: hard {}; used {}
Secret: data {}; stringData {}
Service: spec ServiceSpec; status ServiceStatus
ServiceSpec: ports [port,protocol]; selector atomic
ServiceStatus: conditions [type]
ServiceAccount: secrets [name] atomic
MutatingWebhookConfiguration: webhooks [name] MutatingWebhook
MutatingWebhook: matchConditions [name]; namespaceSelector atomic; objectSelector atomic
ValidatingAdmissionPolicy: spec ValidatingAdmissionPolicySpec; status ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicySpec: matchConditions [name]; matchConstraints atomic; paramKind atomic; variables [name]
    atomic
ValidatingAdmissionPolicyStatus: conditions [type]
ValidatingAdmissionPolicyBinding: spec ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingSpec: matchResources atomic; paramRef atomic; validationActions []
ValidatingWebhookConfiguration: webhooks [name] ValidatingWebhook
ValidatingWebhook: matchConditions [name]; namespaceSelector atomic; objectSelector atomic
CustomResourceDefinition: status CustomResourceDefinitionStatus
CustomResourceDefinitionStatus: conditions [type]
APIService: status APIServiceStatus
APIServiceStatus: conditions [type]
DaemonSet: spec DaemonSetSpec; status DaemonSetStatus
DaemonSetSpec: selector atomic; template PodTemplateSpec
DaemonSetStatus: conditions [type]
Deployment: spec DeploymentSpec; status DeploymentStatus
DeploymentSpec: selector atomic; template PodTemplateSpec
DeploymentStatus: conditions [type]
ReplicaSet: spec ReplicaSetSpec; status ReplicaSetStatus
ReplicaSetSpec: selector atomic; template PodTemplateSpec
ReplicaSetStatus: conditions [type]
StatefulSet: spec StatefulSetSpec; status StatefulSetStatus
StatefulSetSpec: selector atomic; template PodTemplateSpec
StatefulSetStatus: conditions [type]
autoscaling/v2 HorizontalPodAutoscaler: status HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerStatus: conditions [type]
autoscaling/v1 HorizontalPodAutoscaler: spec HorizontalPodAutoscalerSpec
HorizontalPodAutoscalerSpec: scaleTargetRef atomic
CronJob: spec CronJobSpec
CronJobSpec: jobTemplate JobTemplateSpec
JobTemplateSpec: metadata ObjectMeta; spec JobSpec
JobSpec: selector atomic; template PodTemplateSpec
Job: spec JobSpec; status JobStatus
JobStatus: uncountedTerminatedPods UncountedTerminatedPods
UncountedTerminatedPods: failed []; succeeded []
CertificateSigningRequest: spec CertificateSigningRequestSpec; status CertificateSigningRequestStatus
CertificateSigningRequestSpec: extra {}
CertificateSigningRequestStatus: conditions [type]
events.k8s.io/v1 Event: regarding atomic; related atomic
FlowSchema: status FlowSchemaStatus
FlowSchemaStatus: conditions [type]
PriorityLevelConfiguration: status PriorityLevelConfigurationStatus
PriorityLevelConfigurationStatus: conditions [type]
Ingress: spec IngressSpec
IngressSpec: defaultBackend IngressBackend
IngressBackend: resource atomic; service IngressServiceBackend
IngressServiceBackend: port atomic
NetworkPolicy: spec NetworkPolicySpec
NetworkPolicySpec: podSelector atomic
ServiceCIDR: status ServiceCIDRStatus
ServiceCIDRStatus: conditions [type]
RuntimeClass: overhead Overhead; scheduling Scheduling
Overhead: podFixed {}
Scheduling: nodeSelector atomic
PodDisruptionBudget: spec PodDisruptionBudgetSpec; status PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: selector atomic
PodDisruptionBudgetStatus: conditions [type]; disruptedPods {}
ClusterRoleBinding: roleRef atomic
RoleBinding: roleRef atomic
ResourceClaim: status ResourceClaimStatus
ResourceClaimStatus: allocation AllocationResult; devices [driver,device,pool,shareID] AllocatedDeviceStatus;
    reservedFor [uid]
AllocationResult: nodeSelector atomic
AllocatedDeviceStatus: conditions [type]
ResourceClaimTemplate: spec ResourceClaimTemplateSpec
ResourceClaimTemplateSpec: metadata ObjectMeta
ResourceSlice: spec ResourceSliceSpec
ResourceSliceSpec: nodeSelector atomic
CSIDriver: spec CSIDriverSpec
CSIDriverSpec: volumeLifecycleModes []
CSINode: spec CSINodeSpec
CSINodeSpec: drivers [name]
CSIStorageCapacity: nodeTopology atomic
StorageClass: parameters {}
VolumeAttachment: spec VolumeAttachmentSpec; status VolumeAttachmentStatus
VolumeAttachmentSpec: source VolumeAttachmentSource
VolumeAttachmentSource: inlineVolumeSpec PersistentVolumeSpec
VolumeAttachmentStatus: attachmentMetadata {}
VolumeAttributesClass: parameters {}
"""
