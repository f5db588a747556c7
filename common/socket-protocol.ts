// How a ticket travels in the request that opens a WebSocket, so that it is checked before anything is opened: as the second of
// two offered subprotocols (RFC 6455, 1.9), the one header of that request that a browser lets a page set. Proxies log URLs,
// not this header.

/** The subprotocol that both ends speak. */
export const socketProtocol = 'warmterm';

const longestTicket = 4_096;

/** The subprotocols that a client offers to present `ticket`. */
export const offerTicket = (ticket: string): string[] => [socketProtocol, ticket];

/** The ticket in a `Sec-WebSocket-Protocol` header, which is not verified yet. */
export function offeredTicket(header: string | undefined): string | undefined {
  const [protocol, ticket] = header?.split(',').map((word) => word.trim()) ?? [];
  return protocol === socketProtocol && ticket && ticket.length <= longestTicket ? ticket : undefined;
}
