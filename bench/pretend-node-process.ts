// The pretended node in a process of its own, started by rush.ts. A node is another machine, so its work must neither
// delay the clients whose time is measured, nor take priority over the manager and the API server.

import { setPriority } from 'node:os';
import { claimAnnotations } from '../common/names.ts';
import { createTransport } from '../manager/kubernetes/transport.ts';
import { type IsOver, type PretendNode, startPretendNode } from './pretend-node.ts';

export type Order = { does: 'start'; namespace: string } | { does: 'refill'; on: boolean } | { does: 'close' };

const lowPriority = 10;
const isClaimed: IsOver = ({ annotations }) => annotations?.[claimAnnotations.id] !== undefined;
const never: IsOver = () => false;
let node: PretendNode | undefined;
setPriority(lowPriority);

process.on('message', async (order: Order) => {
  if (order.does === 'start') {
    const { namespace } = order;
    node = await startPretendNode(createTransport({ namespace, deadlineMs: 30_000 }), namespace);
  } else if (order.does === 'refill') node!.setOver(order.on ? isClaimed : never);
  else await node!.close();
  process.send!(order.does);
  if (order.does === 'close') process.disconnect();
});
process.once('disconnect', () => process.exit());
