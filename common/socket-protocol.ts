// Carries the ticket in the request that opens a WebSocket, so it is checked before the WebSocket opens. It is the second of two offered
// subprotocols (RFC 6455, 1.9), the only header of that request that a page can set. Proxies log URLs, but not this header.

/** The subprotocol that both ends speak. */
export const socketProtocol = 'warmterm';

const maxTicketLength = 4_096;

/** The subprotocols that a client offers to present `ticket`. */
export const offerTicket = (ticket: string): string[] => [socketProtocol, ticket];

/** The ticket in a `Sec-WebSocket-Protocol` header, which is not verified yet. */
export function offeredTicket(header: string | undefined): string | undefined {
  const [protocol, ticket] = header?.split(',').map((word) => word.trim()) ?? [];
  return protocol === socketProtocol && ticket && ticket.length <= maxTicketLength ? ticket : undefined;
}
