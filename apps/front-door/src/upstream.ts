/** A service behind the front door. */
export interface Upstream {
  /** As the service calls itself. */
  name: 'ingest-gateway' | 'stats-api' | 'jetstream-writer';
  url: URL;
}

export interface Upstreams {
  gateway: Upstream;
  stats: Upstream;
  writer: Upstream;
}
