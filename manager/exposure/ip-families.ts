// The IP families of the terminals' Services.
// https://kubernetes.io/docs/concepts/services-networking/dual-stack/

import type { Config } from '../config.ts';

/** Fields of a Service's spec. The cluster's defaults apply to absent ones. */
export type IpFamilies = { ipFamilyPolicy?: string; ipFamilies?: string[] };

export function readIpFamilies({
  WARMTERM_IP_FAMILY_POLICY: policy,
  WARMTERM_IP_FAMILIES: families,
}: Pick<Config, 'WARMTERM_IP_FAMILY_POLICY' | 'WARMTERM_IP_FAMILIES'>): IpFamilies {
  return { ...(policy && { ipFamilyPolicy: policy }), ...(families && { ipFamilies: families }) };
}
