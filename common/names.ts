// The label and annotation names that warmterm reads and writes on Kubernetes objects. `kubectl`, Helm, the manager and
// the stand-in all agree on these; nothing else about a pod or a pool is ever stored.

/** What every label and annotation of warmterm begins with. */
export const annotationPrefix = 'warmterm.dev/';
const prefix = annotationPrefix;

/** Labels, on StatefulSets, Pods, Services, routes and Leases. */
export const labels = {
  /** Value: the pool's name. Marks everything that belongs to a pool, and is the watch's selector. */
  pool: `${prefix}pool`,
  /** On a pod: `"false"` from the template, `"true"` for the rest of its life once it is claimed, or else `retired`. */
  claimed: `${prefix}claimed`,
  /** Value: the release of the chart that an object belongs to. Helm sets it too. */
  release: 'app.kubernetes.io/instance',
  /** On a Lease by which a manager tells the others that it runs: the name of the Lease that the leading one holds. */
  lease: `${prefix}lease`,
} as const;

/** The value of `labels.claimed` on a pod that the manager is about to replace or to scale away, and hands to nobody. */
export const retired = 'retired';

/** Annotations written on a pod by the one patch that claims it. They live exactly as long as the pod does. */
export const claimAnnotations = {
  /** A random id of this claim. */
  id: `${prefix}claim-id`,
  /** The visitor's keyed hash, with a run's id after a dot or without (claimant.ts). The visitor's own id never reaches the cluster. */
  visitor: `${prefix}visitor`,
  /** A keyed hash of the network that the visitor came from; absent where the webserver did not tell. */
  address: `${prefix}address`,
  /** When it was claimed, ISO 8601. */
  claimedAt: `${prefix}claimed-at`,
  /** When a browser first attached, ISO 8601. Absent until then. */
  connectedAt: `${prefix}connected-at`,
  /** `owner`, written just before the deletion that a visitor asks for. A pod that is deleted without it was by others. */
  endedBy: `${prefix}ended-by`,
} as const;

/** Annotation on the Service of an ordinal, which outlives its pods: which of them ended last by itself, whose it was, and why. JSON. */
export const lastEndAnnotation = `${prefix}last-end`;

/** Annotation on an Ingress or HTTPRoute of a terminal: a hash of the template that it was made of. */
export const routeTemplateAnnotation = `${prefix}route-template`;

/** Annotations on a pool's StatefulSet: its settings, edited by whoever may edit the StatefulSet. */
export const settingAnnotations = {
  spare: `${prefix}spare`,
  min: `${prefix}min`,
  max: `${prefix}max`,
  idleTimeout: `${prefix}idle-timeout`,
  maxLifetime: `${prefix}max-lifetime`,
  connectTimeout: `${prefix}connect-timeout`,
  scaleDownDelay: `${prefix}scale-down-delay`,
  startTimeout: `${prefix}start-timeout`,
  silenceTimeout: `${prefix}silence-timeout`,
  runGrace: `${prefix}run-grace`,
  runLinger: `${prefix}run-linger`,
  /** A JSON list of windows, in which a pool has more terminals ready. */
  prewarm: `${prefix}prewarm`,
  maxPerVisitor: `${prefix}max-per-visitor`,
  maxPerAddress: `${prefix}max-per-address`,
  claimsPerMinute: `${prefix}claims-per-minute`,
  challengeFrom: `${prefix}challenge-from`,
  maxWaiting: `${prefix}max-waiting`,
  maxWaitingPerAddress: `${prefix}max-waiting-per-address`,
} as const;

/** Audience of every token that is meant for the manager, and for nobody else. */
export const managerAudience = 'warmterm-manager';

/** The name of the container port on which a terminal listens, and to which its Service points. */
export const terminalPortName = 'terminal';

/** The name of the container port at which a terminal's health is probed. No Service points to it. */
export const healthPortName = 'health';

/**
 * The Lease that the leading manager holds, in the namespace of the pools: `RELEASE-manager`. The Lease by which a manager tells that
 * it runs has the same name with a suffix.
 */
export const leaseOf = (release = 'warmterm'): string => `${release}-manager`;
