// The labels and annotations of warmterm on Kubernetes objects. `kubectl`, Helm, the manager and the stand-in share these names; nothing
// else about a pod or a pool is stored.

/** The prefix of all labels and annotations of warmterm. */
export const annotationPrefix = 'warmterm.dev/';
const prefix = annotationPrefix;

/** Labels, on StatefulSets, Pods, Services, routes and Leases. */
export const labels = {
  /** Value: the pool's name. On every object that belongs to a pool; the selector of the watches. */
  pool: `${prefix}pool`,
  /** On a pod: `"false"` from the template, then `"true"` once claimed, or `retired`. Neither is ever changed back. */
  claimed: `${prefix}claimed`,
  /** Value: the Helm release that an object belongs to. Helm sets it too. */
  release: 'app.kubernetes.io/instance',
  /** On the Lease of a running manager. Value: the name of the leader's Lease. */
  lease: `${prefix}lease`,
} as const;

/** The value of `labels.claimed` on a pod that the manager is about to replace or scale away; it is not handed out. */
export const retired = 'retired';

/** Annotations of a claimed pod, written by the one patch that claims it. They live as long as the pod. */
export const claimAnnotations = {
  /** A random id of this claim. */
  id: `${prefix}claim-id`,
  /** The visitor's keyed hash, for a run with a dot and the run's id (claimant.ts). The visitor's id itself never reaches the cluster. */
  visitor: `${prefix}visitor`,
  /** A keyed hash of the visitor's network; absent if the webserver sent none. */
  address: `${prefix}address`,
  /** When it was claimed, ISO 8601. */
  claimedAt: `${prefix}claimed-at`,
  /** When a browser first attached, ISO 8601. Absent until then. */
  connectedAt: `${prefix}connected-at`,
  /** `owner`, written just before the deletion that a visitor asks for. Its absence means that someone else deleted the pod. */
  endedBy: `${prefix}ended-by`,
  /** A number that is in each link to the terminal. A higher one ends all links of before. Absent: 0. */
  linkEpoch: `${prefix}link-epoch`,
} as const;

/** Annotation on the Service of an ordinal, which outlives its pods: the last pod that ended itself, its visitor and the reason. JSON. */
export const lastEndAnnotation = `${prefix}last-end`;

/** Annotation on an Ingress or HTTPRoute of a terminal: a hash of the template that it was made from. */
export const routeTemplateAnnotation = `${prefix}route-template`;

/** Annotations on a pool's StatefulSet: its settings, edited by the administrator. */
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

/** The audience of tokens for the manager. */
export const managerAudience = 'warmterm-manager';

/** The name of a terminal's container port, to which its Service points. */
export const terminalPortName = 'terminal';

/** The name of the container port for health probes. No Service points to it. */
export const healthPortName = 'health';

/**
 * The leader's Lease, in the namespace of the pools: `RELEASE-manager`. The Lease of each running manager has the same name with a
 * suffix.
 */
export const leaseOf = (release = 'warmterm'): string => `${release}-manager`;
